"""Expands whole series (EXDATE, RDATE, overrides, THISANDFUTURE) with recurring-ical-events, as the second
opinion of the differential test.

One JSON object a line on standard input, one on standard output, in order.

Request:
    calendar  an iCalendar text
    lo, hi    instants; occurrences that start in [lo, hi) are answered
Answer:
    starts    sorted: instants, or days of whole-day events, or
    error     what was raised
"""

import datetime

import icalendar
import recurring_ical_events

from lines import serve

FORMAT = "%Y%m%dT%H%M%S"
UTC = datetime.timezone.utc


def shown(start):
    if not isinstance(start, datetime.datetime):
        return start.strftime("%Y%m%d")
    return start.astimezone(UTC).strftime(FORMAT)


def answer(request):
    calendar = icalendar.Calendar.from_ical(request["calendar"])
    lo, hi = (datetime.datetime.strptime(request[end], FORMAT).replace(tzinfo=UTC) for end in ("lo", "hi"))
    first, last = lo.strftime(FORMAT), hi.strftime(FORMAT)
    margin = datetime.timedelta(days=3)
    events = recurring_ical_events.of(calendar).between(lo - margin, hi + margin)
    starts = sorted(shown(event.start) for event in events)
    return {"starts": [start for start in starts if first <= start.ljust(15, "T") < last]}


serve(answer)
