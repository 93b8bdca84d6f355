"""Expands recurrence rules with python-dateutil, as the second opinion of the differential test.

One JSON object a line on standard input, one on standard output, in order.

Request:
    anchor  wall-clock time from which dateutil counts, 20260105T090000
    start   what lies before is dropped (DTSTART; usually the anchor)
    rules   RRULE values without UNTIL; their dates are united
    count   keep this many dates from the start on, when given
    zone    IANA name of the wall clock, or null for UTC
    until_wall, until_utc
            the last date, inclusive, on the wall clock or in the world, or null
    lo, hi  instants; dates strictly between them are answered
Answer:
    instants  sorted, each once, or
    error     what dateutil raised
"""

import datetime
import zoneinfo

from dateutil.rrule import rrulestr

from lines import serve

FORMAT = "%Y%m%dT%H%M%S"
UTC = datetime.timezone.utc


def wall(text):
    return datetime.datetime.strptime(text, FORMAT)


def instant(local, zone):
    # zoneinfo with fold=0 reads a time in a gap with the offset before it, and of two readings the first.
    return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def dates(request, last):
    """The wall-clock dates up to `last`."""
    found = set()
    # dateutil ends its inner loop at this year, and would otherwise look for a match for thousands.
    datetime.MAXYEAR = last.year
    anchor = wall(request["anchor"])
    for text in request["rules"]:
        for local in rrulestr(text, dtstart=anchor):
            if local > last:
                break
            found.add(local)
    start = wall(request["start"])
    kept = sorted(local for local in found if local >= start)
    count = request["count"]
    return kept if count is None else kept[:count]


def answer(request):
    zone = zoneinfo.ZoneInfo(request["zone"] or "UTC")
    lo, hi = wall(request["lo"]), wall(request["hi"])
    until_wall = request["until_wall"] and wall(request["until_wall"])
    until_utc = request["until_utc"] and wall(request["until_utc"])
    found = set()
    # Two hours more than any change of clocks takes.
    last = hi.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None) + datetime.timedelta(hours=2)
    for local in dates(request, last):
        if until_wall is not None and local > until_wall:
            continue
        at = instant(local, zone)
        if until_utc is not None and at > until_utc:
            continue
        if lo < at < hi:
            found.add(at)
    return {"instants": [at.strftime(FORMAT) for at in sorted(found)]}


serve(answer)
