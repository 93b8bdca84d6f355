"""The judge is judged: good exchanges pass, and each spoilt in one way is caught for that.

    python tests/judge/test_judge.py DESCRIPTIONS
"""

import json
import sys
import unittest
from dataclasses import replace
from pathlib import Path

from operations import Exchange
from trial import Trial

JSON = {"content-type": "application/json"}
PERSON = "/v1.0/me/calendars/A%3D%3D"
EVENTS = "/calendar/v3/calendars/primary/events"


def exchange(provider, method, path, query="", sent=None, status=200, answered=None, headers=None):
    """An exchange; bodies are given as values."""
    return Exchange(
        place="here",
        program="test",
        provider=provider,
        in_batch=False,
        method=method,
        path=path,
        query=query,
        request_headers=headers or (JSON if sent is not None else {}),
        request_body=sent if isinstance(sent, str) else "" if sent is None else json.dumps(sent),
        status=status,
        response_headers=JSON,
        response_body=answered if isinstance(answered, str) else "" if answered is None else json.dumps(answered),
    )


def google_event(**more):
    return {
        "kind": "calendar#event",
        "id": "abc",
        "status": "confirmed",
        "created": "2026-03-01T09:00:00.000Z",
        "start": {"dateTime": "2026-03-02T09:00:00Z"},
        "end": {"dateTime": "2026-03-02T10:00:00Z"},
        "sequence": 0,
        "reminders": {"useDefault": False},
        "extendedProperties": {"private": {"mark": "1"}},
    } | more


def google_list(query="singleEvents=true&timeMin=2026-03-01T00:00:00Z", rows=None, **more):
    page = {"kind": "calendar#events", "items": [google_event()] if rows is None else rows} | more
    return exchange("google", "GET", EVENTS, query, answered=page)


def google_insert(body=None, query="sendUpdates=none"):
    body = body or {"start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}, "summary": "Busy"}
    return exchange("google", "POST", EVENTS, query, sent=body, answered=google_event())


def graph_event(**more):
    return {
        "@odata.etag": 'W/"a"',
        "id": "A=",
        "subject": None,
        "isAllDay": False,
        "showAs": "busy",
        "reminderMinutesBeforeStart": 0,
        "categories": [],
        "createdDateTime": "2026-03-01T09:00:00.0000000Z",
        "start": {"dateTime": "2026-03-02T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-02T10:00:00.0000000", "timeZone": "UTC"},
        "recurrence": {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": "2026-03-02", "numberOfOccurrences": 3},
        },
    } | more


WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"


def graph_view(query=WINDOW, rows=None, path="/calendarView", **more):
    page = {"@odata.context": "x", "value": [graph_event()] if rows is None else rows} | more
    return exchange("microsoft", "GET", PERSON + path, query, answered=page)


def graph_create(body=None):
    start = {"dateTime": "2026-03-02T09:00:00", "timeZone": "UTC"}
    body = body or {"subject": "Busy", "showAs": "busy", "start": start}
    return exchange("microsoft", "POST", PERSON + "/events", sent=body, status=201, answered=graph_event())


def graph_refused(**error):
    error = {"code": "ErrorItemNotFound", "message": "x"} | error
    return exchange("microsoft", "GET", PERSON, status=404, answered={"error": error})


def graph_batch(parts=None, responses=None):
    parts = parts or [{"id": "1", "method": "GET", "url": "/me"}]
    responses = responses or [{"id": "1", "status": 200, "headers": {}, "body": {}}]
    return exchange(
        "microsoft", "POST", "/v1.0/$batch", sent={"requests": parts}, answered={"responses": responses}
    )


def google_batch(asked="<1>", answered="<response-1>"):
    def body(name):
        part = f"--b\r\nContent-Type: application/http\r\nContent-ID: {name}\r\n\r\nGET /x HTTP/1.1\r\n\r\n"
        return f"{part}--b--\r\n"

    kind = {"content-type": "multipart/mixed; boundary=b"}
    whole = exchange("google", "POST", "/batch/calendar/v3", sent=body(asked), answered=body(answered), headers=kind)
    return replace(whole, response_headers=kind)


class Judged(unittest.TestCase):
    """One trial for all, since reading the descriptions takes a moment."""

    descriptions = Path(".official")

    @classmethod
    def setUpClass(cls):
        cls.trial = Trial(cls.descriptions)

    def findings(self, *exchanges):
        trial = self.trial
        trial.charges.clear()
        trial.microsoft.begin()
        for one in exchanges:
            trial.judge(one)
        return list(trial.charges)

    def passes(self, *exchanges):
        self.assertEqual(self.findings(*exchanges), [])

    def caught(self, exchange, wanted):
        self.assertEqual(self.findings(exchange), [f"{exchange.provider} {wanted}"])


class GoogleTest(Judged):
    def test_good_exchanges_pass(self):
        self.passes(
            google_list(),
            google_list("fields=nextPageToken,items(id,start/dateTime,extendedProperties(private))"),
            google_list("eventTypes=default&eventTypes=focusTime&maxResults=1"),
            google_insert(),
            google_insert({"start": {"dateTime": "2026-03-02T09:00:00", "timeZone": "Europe/Berlin"},
                           "end": {"dateTime": "2026-03-02T10:00:00Z"}}),
            exchange("google", "PATCH", f"{EVENTS}/abc", sent={"location": None}, answered=google_event()),
            exchange("google", "DELETE", f"{EVENTS}/abc", status=204),
            exchange("google", "GET", EVENTS, status=503, answered="<html>"),
            exchange("google", "GET", EVENTS, status=0),
            exchange("google", "POST", "/token", sent="grant_type=refresh_token", answered="whatever"),
            google_batch(),
        )

    def test_a_wrong_path_or_method_is_caught(self):
        self.caught(replace(google_list(), path="/calendar/v3/calendar/primary/events"), "request path: is unknown")
        self.caught(replace(google_list(), method="PUT"), "request path: PUT is no method here")

    def test_a_wrong_parameter_is_caught(self):
        of = "calendar.events.list"
        self.caught(google_list("sortBy=x"), f"request query sortBy: is no parameter of {of}")
        self.caught(google_list("orderBy=summary"), "request query orderBy: is not one of startTime, updated")
        self.caught(google_list("singleEvents=yes"), "request query singleEvents: is not true or false")
        self.caught(google_list("maxResults=many"), "request query maxResults: is not an integer")
        self.caught(google_list("maxResults=0"), "request query maxResults: is less than 1")
        self.caught(google_list("q=a&q=b"), "request query q: is repeated")
        self.caught(google_list("timeMin=2026-03-01"), "request query timeMin: is not a moment with its offset")
        self.caught(google_list("fields=items(title)"), "request query fields title: names no field of the answer")
        move = exchange("google", "POST", f"{EVENTS}/abc/move", answered=google_event())
        self.caught(move, "request query destination: is required by calendar.events.move")

    def test_a_wrong_request_body_is_caught(self):
        body = {"start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}}
        self.caught(google_insert(body | {"title": "x"}), "request body.title: is not a field of Event")
        self.caught(google_insert(body | {"sequence": "1"}), "request body.sequence: is not an integer of 32 bits")
        self.caught(google_insert(body | {"location": None}), "request body.location: is not a string")
        self.caught(google_insert(body | {"htmlLink": "x"}), "request body.htmlLink: is read-only in Event")
        self.caught(google_insert({"start": body["start"]}), "request body.end: is required by calendar.events.insert")
        self.caught(google_insert(body | {"end": {"date": "tomorrow"}}), "request body.end.date: is not a date")
        local = {"dateTime": "2026-03-02T09:00:00"}
        self.caught(google_insert(body | {"start": local}),
                    "request body.start.dateTime: is not a moment with its offset")
        self.caught(replace(google_insert(), request_body="{"), "request body: is not JSON")
        form = replace(google_insert(), request_headers={"content-type": "text/plain"})
        self.caught(form, "request body: is text/plain and not application/json")
        self.caught(replace(google_list(), request_body="{}"), "request body: calendar.events.list takes none")

    def test_a_wrong_answer_is_caught(self):
        page = replace(google_list(), response_headers={"content-type": "text/html"})
        self.caught(page, "reply body: is text/html and not application/json")
        self.caught(google_list(etags="x"), "reply body.etags: is not a field of Events")
        row = google_event(start={"dateTime": "2026-03-02T09:00:00", "timeZone": "UTC"})
        self.caught(google_list(rows=[row]), "reply body.items[].start.dateTime: is not a moment with its offset")
        self.caught(google_list(rows=[google_event(summary=None)]), "reply body.items[].summary: is not a string")
        self.caught(google_list(rows={}), "reply body.items: is not a list")
        marks = google_event(extendedProperties={"private": {"mark": 1}})
        self.caught(google_list(rows=[marks]), "reply body.items[].extendedProperties.private.*: is not a string")
        deleted = exchange("google", "DELETE", f"{EVENTS}/abc", answered={})
        self.caught(deleted, "reply body: calendar.events.delete answers with none")

    def test_a_wrong_refusal_is_caught(self):
        def refused(status, answered):
            return exchange("google", "GET", EVENTS, status=status, answered=answered)

        self.caught(refused(404, "<html>"), "reply body: 404 is not JSON")
        other = {"error": {"code": 403, "message": "x"}}
        self.caught(refused(404, other), "reply body.error.code: is 403 and the status 404")
        odd = {"error": {"code": 404, "errors": [{"why": "x"}]}}
        self.caught(refused(404, odd), "reply body.error.errors[].why: is not a field of Reason")

    def test_a_wrong_batch_is_caught(self):
        wrong = "reply part: the parts of the answer are not those of the request"
        self.caught(google_batch(answered="<response-2>"), wrong)
        self.caught(replace(google_batch(), request_body="{}"), "request body: is not multipart/mixed")
        self.caught(replace(google_batch(), path="/batch"), "request path: is unknown")


class MicrosoftTest(Judged):
    def test_good_exchanges_pass(self):
        link = "http://localhost/v1.0/me/calendars/A%3D%3D/calendarView/delta?$deltatoken=x"
        self.passes(
            graph_view(),
            graph_view(f"{WINDOW}&$top=5&$select=id,start&$orderby=start/dateTime%20desc"
                       "&$expand=singleValueExtendedProperties($filter=id%20eq%20'a,b')"),
            graph_view(f"{WINDOW}&$filter=singleValueExtendedProperties/Any(ep:%20ep/id%20eq%20'x%20y'%20and%20ep/value"
                       "%20eq%20'z')%20and%20createdDateTime%20ge%202026-03-01T00:00:00Z"),
            graph_view(path="/calendarView/delta", **{"@odata.deltaLink": link}),
            graph_view("$deltatoken=x", path="/calendarView/delta",
                       rows=[{"id": "A", "@removed": {"reason": "deleted"}}]),
            graph_view(path="/calendarView/microsoft.graph.delta()"),
            graph_create(),
            graph_create({"extensions": [{"@odata.type": "#microsoft.graph.openTypeExtension", "extensionName": "a",
                                          "mine": 1}]}),
            graph_refused(innerError={"date": "2026-03-01T00:00:00", "request-id": "x"}),
            graph_batch(),
            exchange("microsoft", "GET", PERSON, status=503),
            exchange("microsoft", "DELETE", PERSON, status=204),
            exchange("microsoft", "GET", "/v1.0/users/bob@example.org/outlook/supportedTimeZones"
                     "(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')", answered={"value": []}),
        )

    def test_a_wrong_path_or_method_is_caught(self):
        self.caught(replace(graph_view(), path="/v1.0/me/calendars/A/view"), "request path: is unknown")
        self.caught(replace(graph_view(), method="PUT"), "request path: PUT is no method here")

    def test_a_wrong_parameter_is_caught(self):
        of = "GET /users/{user%2Did}/calendars/{calendar%2Did}/calendarView"
        self.caught(graph_view(f"{WINDOW}&$order=id"), f"request query $order: is no parameter of {of}")
        self.caught(graph_view(f"{WINDOW}&$top=many"), "request query $top: is not an integer")
        self.caught(graph_view(f"{WINDOW}&$count=1"), "request query $count: is not true or false")
        self.caught(graph_view(f"{WINDOW}&$select=uid"), "request query $select: uid is no field of the answer")
        self.caught(graph_view(f"{WINDOW}&$expand=marks"), "request query $expand: marks is no field of the answer")
        self.caught(graph_view(f"{WINDOW}&$orderby=id%20down"),
                    "request query $orderby: has a direction that is neither asc nor desc")
        self.caught(graph_view(f"{WINDOW}&$filter=marks%20eq%20'x'"),
                    "request query $filter: marks is no field of the answer")
        self.caught(graph_view(f"{WINDOW}&$filter=id+eq+'x'"), "request query: has a + where the service wants %20")
        self.caught(graph_view(WINDOW.split("&")[0]), f"request query endDateTime: is required by {of}")

    def test_a_link_that_nobody_gave_is_caught(self):
        found = self.findings(graph_view("$deltatoken=x", path="/calendarView/delta"))
        of = "GET /users/{user%2Did}/calendars/{calendar%2Did}/calendarView/delta()"
        self.assertIn(f"microsoft request query $deltatoken: is no parameter of {of}", found)

    def test_a_wrong_request_body_is_caught(self):
        self.caught(graph_create({"title": "x"}), "request body.title: is not a field of Event")
        self.caught(graph_create({"isAllDay": "no"}), "request body.isAllDay: is not a boolean")
        kinds = "unknown, free, tentative, busy, oof, workingElsewhere"
        self.caught(graph_create({"showAs": "away"}), f"request body.showAs: is not one of {kinds}")
        self.caught(graph_create({"start": "2026-03-02"}), "request body.start: is not an object")
        self.caught(graph_create({"start": {"date": "2026-03-02"}}),
                    "request body.start.date: is not a field of DateTimeTimeZone")
        self.caught(graph_create({"extensions": [{"@odata.type": "#microsoft.graph.event"}]}),
                    "request body.extensions[]: its @odata.type is no Extension")
        self.caught(replace(graph_create(), request_headers={}),
                    "request body: is of no type and not application/json")

    def test_a_wrong_answer_is_caught(self):
        self.caught(graph_view(rows=[graph_event(uid="x")]), "reply body.value[].uid: is not a field of Event")
        self.caught(graph_view(rows=[graph_event(iCalUId=1)]), "reply body.value[].iCalUId: is not a string")
        self.caught(graph_view(rows=[graph_event(createdDateTime="2026-03-01")]),
                    "reply body.value[].createdDateTime: is not a moment with its offset")
        self.caught(graph_view(rows=[graph_event(categories=None)]), "reply body.value[].categories: is not a list")
        self.caught(graph_view(rows=[None]), "reply body.value[]: is not an object")
        self.caught(graph_view(rows=[{"id": "A", "@removed": {}}]),
                    "reply body.value[].@removed: is not a field of Event")
        self.caught(graph_view(**{"@odata.nextPage": "x"}),
                    "reply body.@odata.nextPage: is not a field of EventCollectionResponse")
        span = graph_event(recurrence={"range": {"startDate": "2026-03-02T00:00:00Z"}})
        self.caught(graph_view(rows=[span]), "reply body.value[].recurrence.range.startDate: is not a date")

    def test_a_wrong_refusal_is_caught(self):
        self.caught(graph_refused(reason="x"), "reply body.error.reason: is not a field of MainError")
        self.caught(replace(graph_refused(), response_body=""), "reply body: 404 is not JSON")
        self.caught(replace(graph_refused(), response_body="{}"), "reply body.error.code: is missing in a 404")

    def test_a_wrong_batch_is_caught(self):
        part = {"id": "1", "method": "GET", "url": "http://localhost/v1.0/me"}
        self.caught(graph_batch([part]), "request body.requests[].url: is not relative")
        self.caught(graph_batch([part | {"url": "/me", "verb": "GET"}]),
                    "request body.requests[].verb: is not a field of BatchPart")
        many = [{"id": str(it), "method": "GET", "url": "/me"} for it in range(21)]
        answers = [{"id": str(it), "status": 200} for it in range(21)]
        self.caught(graph_batch(many, answers), "request body.requests: has 21 parts, not 1 to 20")
        self.caught(graph_batch(responses=[{"id": "2", "status": 200}]),
                    "reply body.responses: are not those of the requests")


class VerdictTest(Judged):
    def test_what_has_no_description_is_passed_over_and_counted(self):
        trial = Trial(self.descriptions)
        trial.judge(exchange("caldav", "REPORT", "/ada/work/", status=207, answered="<multistatus/>"))
        trial.judge(exchange("microsoft", "POST", "/common/oauth2/v2.0/token", sent="x", answered="x"))
        trial.judge(exchange("google", "HEAD", "/", status=404))
        self.assertEqual((trial.passed_over, trial.charges), (3, {}))
        trial.judge(exchange("google", "GET", "/", status=404))
        self.assertEqual(trial.passed_over, 3)

    def test_silence_is_no_acquittal(self):
        trial = Trial(self.descriptions)
        self.assertFalse(trial.passed)
        trial.judge(google_list())
        self.assertFalse(trial.passed)
        trial.judge(graph_view())
        self.assertTrue(trial.passed)
        trial.judge(replace(graph_view(), method="PUT"))
        self.assertFalse(trial.passed)


if __name__ == "__main__":
    Judged.descriptions = Path(sys.argv.pop(1))
    unittest.main()
