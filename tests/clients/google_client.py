#!/usr/bin/env python3
"""Drives a running simulator with Google's own client library, and asserts what it sees.

    pip install google-api-python-client
    starmesh-sim serve --google 127.0.0.1:8081 --token T
    google_client.py http://127.0.0.1:8081 T

The library is unchanged: static discovery, another endpoint, a plain bearer token. The batch address of
the discovery document is Google's own, so that alone is pointed at the simulator as well.
"""

import datetime
import http.server
import json
import sys
import threading
import urllib.request
import uuid

import httplib2
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from google.oauth2.credentials import Credentials


def timed(start, hours=1):
    end = start + datetime.timedelta(hours=hours)
    return {
        "start": {"dateTime": start.isoformat(), "timeZone": "Europe/Berlin"},
        "end": {"dateTime": end.isoformat(), "timeZone": "Europe/Berlin"},
        "reminders": {"useDefault": False, "overrides": []},
    }


def reason(error):
    return json.loads(error.content)["error"]["errors"][0]["reason"]


def refused(call, status, name):
    try:
        call.execute()
    except HttpError as error:
        assert (error.status_code, reason(error)) == (status, name), error
        return
    raise AssertionError(f"expected {status} {name}")


def everything(service, **query):
    """All rows of a list, and its sync token."""
    rows, page = [], None
    while True:
        got = service.events().list(pageToken=page, **query).execute()
        rows += got.get("items", [])
        page = got.get("nextPageToken")
        if page is None:
            return rows, got.get("nextSyncToken")
        assert "nextSyncToken" not in got


class Receiver(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_POST(self):
        Receiver.seen.append({name.title(): value for name, value in self.headers.items()})
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def calendars(service):
    rows = service.calendarList().list().execute()["items"]
    primary = [row for row in rows if row.get("primary")]
    assert len(primary) == 1 and primary[0]["accessRole"] == "owner"
    made = service.calendars().insert(body={"summary": "Client test", "timeZone": "Europe/Berlin"}).execute()
    assert service.calendarList().get(calendarId=made["id"]).execute()["summary"] == "Client test"
    patched = service.calendars().patch(calendarId=made["id"], body={"summary": "Renamed"}).execute()
    assert patched["summary"] == "Renamed"
    assert service.colors().get().execute()["kind"] == "calendar#colors"
    return made["id"]


def events(service, cal, start):
    made = service.events().insert(
        calendarId=cal,
        sendUpdates="none",
        body={
            **timed(start),
            "id": "abcdef0123456789abcdef0123456789",
            "summary": "Busy",
            "visibility": "private",
            "transparency": "opaque",
            "extendedProperties": {"private": {"mark": "1"}},
        },
    ).execute()
    assert made["status"] == "confirmed" and made["extendedProperties"]["private"] == {"mark": "1"}
    refused(service.events().insert(calendarId=cal, body={**timed(start), "id": made["id"]}), 409, "duplicate")
    found = service.events().list(calendarId=cal, privateExtendedProperty="mark=1").execute()["items"]
    assert [row["id"] for row in found] == [made["id"]]
    moved = service.events().patch(
        calendarId=cal, eventId=made["id"], body={"start": timed(start, 2)["start"], "end": timed(start, 2)["end"]}
    )
    moved.headers["If-Match"] = made["etag"]
    changed = moved.execute()
    assert changed["etag"] != made["etag"]
    stale = service.events().patch(calendarId=cal, eventId=made["id"], body={"summary": "x"})
    stale.headers["If-Match"] = made["etag"]
    refused(stale, 412, "conditionNotMet")
    service.events().update(calendarId=cal, eventId=made["id"], body=timed(start)).execute()
    service.events().delete(calendarId=cal, eventId=made["id"]).execute()
    refused(service.events().delete(calendarId=cal, eventId=made["id"]), 410, "deleted")
    assert service.events().get(calendarId=cal, eventId=made["id"]).execute()["status"] == "cancelled"


def paging_and_sync(service, cal, start):
    for n in range(12):
        body = {**timed(start + datetime.timedelta(days=n)), "id": f"paged{n:03d}"}
        service.events().insert(calendarId=cal, body=body).execute()
    rows, token = everything(service, calendarId=cal, maxResults=5, singleEvents=True)
    assert len({row["id"] for row in rows}) == 12 and token
    service.events().patch(calendarId=cal, eventId="paged003", body={"summary": "new"}).execute()
    service.events().delete(calendarId=cal, eventId="paged004").execute()
    rows, token = everything(service, calendarId=cal, singleEvents=True, syncToken=token)
    assert sorted((row["id"], row["status"]) for row in rows) == [
        ("paged003", "confirmed"),
        ("paged004", "cancelled"),
    ]
    rows, token = everything(service, calendarId=cal, singleEvents=True, syncToken=token)
    assert rows == [] and token
    bad = service.events().list(calendarId=cal, singleEvents=True, syncToken=token, q="x")
    refused(bad, 400, "invalid")


def series(service, cal, start):
    body = {**timed(start), "summary": "Series", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=6"]}
    master = service.events().insert(calendarId=cal, body=body).execute()
    rows = service.events().instances(calendarId=cal, eventId=master["id"]).execute()["items"]
    assert len(rows) == 6 and all(row["recurringEventId"] == master["id"] for row in rows)
    service.events().delete(calendarId=cal, eventId=rows[1]["id"]).execute()
    service.events().patch(calendarId=cal, eventId=rows[2]["id"], body={"summary": "One"}).execute()
    rows = service.events().instances(calendarId=cal, eventId=master["id"], showDeleted=True).execute()["items"]
    assert [row["status"] for row in rows].count("cancelled") == 1
    service.events().delete(calendarId=cal, eventId=master["id"]).execute()
    left = service.events().list(calendarId=cal, singleEvents=True, q="Series").execute()
    assert left.get("items", []) == []


def free_busy(service, cal, start):
    got = service.freebusy().query(
        body={
            "timeMin": start.isoformat(),
            "timeMax": (start + datetime.timedelta(days=30)).isoformat(),
            "items": [{"id": cal}, {"id": "nobody@example.test"}],
        }
    ).execute()
    assert got["calendars"][cal]["busy"]
    assert got["calendars"]["nobody@example.test"]["errors"][0]["reason"] == "notFound"


def batch(service, base, cal, start):
    outcomes = {}

    def note(request_id, response, exception):
        outcomes[request_id] = exception.status_code if exception else response

    calls = service.new_batch_http_request(callback=note)
    # The one address that the library takes from the discovery document and not from the endpoint.
    calls._batch_uri = f"{base}/batch/calendar/v3"
    for n in range(10):
        insert = service.events().insert(calendarId=cal, body={**timed(start), "id": f"batch{n:02d}"})
        calls.add(insert, request_id=f"new{n}")
    calls.add(service.events().insert(calendarId=cal, body={**timed(start), "id": "batch00"}), request_id="again")
    calls.add(service.events().get(calendarId=cal, eventId="never"), request_id="missing")
    calls.execute()
    assert all(outcomes[f"new{n}"]["id"] == f"batch{n:02d}" for n in range(10)), outcomes
    assert (outcomes["again"], outcomes["missing"]) == (409, 404), outcomes


def watch(service, cal, start):
    receiver = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    arrived = threading.Thread(target=lambda: [receiver.handle_request() for _ in range(2)])
    arrived.start()
    address = f"http://127.0.0.1:{receiver.server_port}/hook"
    body = {"id": str(uuid.uuid4()), "type": "web_hook", "address": address, "token": "t"}
    channel = service.events().watch(calendarId=cal, body=body).execute()
    service.events().insert(calendarId=cal, body=timed(start)).execute()
    arrived.join(timeout=30)
    states = [message["X-Goog-Resource-State"] for message in Receiver.seen]
    assert states == ["sync", "exists"], states
    assert all(message["X-Goog-Channel-Token"] == "t" for message in Receiver.seen)
    service.channels().stop(body={"id": channel["id"], "resourceId": channel["resourceId"]}).execute()
    receiver.server_close()


def ledger(base):
    with urllib.request.urlopen(f"{base}/__ledger") as answer:
        return json.load(answer)


def main(base, token):
    base = base.rstrip("/")
    service = build(
        "calendar",
        "v3",
        credentials=Credentials(token),
        static_discovery=True,
        client_options={"api_endpoint": f"{base}/calendar/v3/"},
    )
    wrong = build(
        "calendar",
        "v3",
        http=httplib2.Http(),
        developerKey="none",
        static_discovery=True,
        client_options={"api_endpoint": f"{base}/calendar/v3/"},
    )
    refused(wrong.colors().get(), 401, "authError")
    start = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
    start += datetime.timedelta(days=1)
    cal = calendars(service)
    events(service, cal, start)
    paging_and_sync(service, cal, start)
    series(service, cal, start)
    free_busy(service, cal, start)
    batch(service, base, cal, start)
    watch(service, cal, start)
    service.calendars().delete(calendarId=cal).execute()
    assert ledger(base)["notifications"] == []
    print("google_client: all as expected")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
