"""Drives a simulated Microsoft Graph with Microsoft's own client library, unchanged but for the base URL.

    pip install msgraph-sdk azure-core deprecated
    starmesh-sim serve --microsoft 127.0.0.1:8091 --token T
    python microsoft_client.py http://localhost:8091 T

Every step asserts what it sees; the first that sees something else ends the run with an error.
"""

import asyncio
import datetime
import http.server
import json
import sys
import threading
import urllib.parse
import urllib.request
import uuid

from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.free_busy_status import FreeBusyStatus
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.sensitivity import Sensitivity
from msgraph.generated.models.single_value_legacy_extended_property import (
    SingleValueLegacyExtendedProperty,
)
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.users.item.calendars.item.calendar_view.calendar_view_request_builder import (
    CalendarViewRequestBuilder,
)
from msgraph.generated.users.item.calendars.item.calendar_view.delta.delta_request_builder import (
    DeltaRequestBuilder,
)
from msgraph_core.requests.batch_request_content import BatchRequestContent

MARK = "String {00020329-0000-0000-C000-000000000046} Name BusyMarker"
DAY = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=30)
WINDOW_DAYS = 60


class StaticBearer(AuthenticationProvider):
    """One token, never renewed."""

    def __init__(self, token):
        self.token = token

    async def authenticate_request(self, request, additional_authentication_context=None):
        request.headers.add("Authorization", f"Bearer {self.token}")


class Hook(http.server.BaseHTTPRequestHandler):
    """A web hook that validates itself and keeps what it gets."""

    got = []
    arrived = threading.Event()

    def do_POST(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "validationToken" in query:
            answer = query["validationToken"][0].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
        else:
            answer = b""
            Hook.got.extend(json.loads(body)["value"])
            Hook.arrived.set()
            self.send_response(202)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def at(hour, day=DAY):
    return DateTimeTimeZone(date_time=f"{day}T{hour:02}:00:00", time_zone="UTC")


def block(hour, **more):
    return Event(
        subject="Busy",
        start=at(hour),
        end=at(hour + 1),
        show_as=FreeBusyStatus.Busy,
        sensitivity=Sensitivity.Private,
        is_reminder_on=False,
        **more,
    )


def window():
    end = DAY + datetime.timedelta(days=WINDOW_DAYS)
    return {"start_date_time": f"{DAY}T00:00:00Z", "end_date_time": f"{end}T00:00:00Z"}


def prefer(value):
    headers = HeadersCollection()
    headers.add("Prefer", value)
    return headers


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def expect_known(model, *annotations):
    """Nothing came that the library's model has no field for."""
    known = {"@odata.context", "@odata.etag", "@odata.type", *annotations}
    unknown = set(model.additional_data) - known
    expect(not unknown, f"{type(model).__name__} does not have {unknown}")


async def refused(awaitable, status, code):
    try:
        await awaitable
    except ODataError as error:
        expect(error.response_status_code == status, f"{error.response_status_code} is not {status}")
        expect(error.error.code == code, f"{error.error.code} is not {code}")
        return error
    raise AssertionError(f"{status} {code} did not come")


async def calendars(graph):
    """Lists, makes and reads calendars."""
    me = await graph.me.get()
    expect(me.user_principal_name and me.id, "me has no name")
    listed = await graph.me.calendars.get()
    expect(any(calendar.is_default_calendar for calendar in listed.value), "no default calendar")
    name = f"Client {uuid.uuid4()}"
    made = await graph.me.calendars.post(Calendar(name=name))
    expect(made.name == name and made.can_edit and made.owner.address, "the calendar is not whole")
    again = await graph.me.calendars.by_calendar_id(made.id).get()
    expect(again.id == made.id, "another calendar was read")
    expect_known(me)
    expect_known(made)
    permissions = await graph.me.calendar.calendar_permissions.get()
    expect_known(permissions.value[0])
    groups = await graph.me.calendar_groups.get()
    expect_known(groups.value[0])
    zones = await graph.me.outlook.supported_time_zones.get()
    expect_known(zones.value[0])
    settings = await graph.me.mailbox_settings.get()
    expect(settings.time_zone, "the mailbox has no time zone")
    expect_known(settings)
    return made.id


async def events(graph, calendar):
    """Makes, repeats, changes and deletes events."""
    scope = graph.me.calendars.by_calendar_id(calendar)
    transaction = str(uuid.uuid4())
    mark = [SingleValueLegacyExtendedProperty(id=MARK, value="1.abc")]
    wanted = block(9, transaction_id=transaction, single_value_extended_properties=mark)
    made = await scope.events.post(wanted)
    expect(made.transaction_id == transaction, "the transaction id is lost")
    expect_known(made)
    expect_known(made.location)
    expect_known(made.organizer.email_address)
    expect(not made.single_value_extended_properties, "an extended property was echoed")
    again = await scope.events.post(wanted)
    expect(again.id == made.id, "a repeated creation made a second event")
    other = block(10, transaction_id=transaction)
    error = await refused(scope.events.post(other), 400, "ErrorDuplicateTransactionId")
    existing = error.error.additional_data.get("@event.existingEventId")
    expect(existing == made.id, "the existing event is not named")
    one = scope.events.by_event_id(made.id)
    changed = await one.patch(Event(show_as=FreeBusyStatus.Tentative))
    expect(changed.show_as == FreeBusyStatus.Tentative, "the change was not made")
    expect(changed.change_key != made.change_key, "the change key stayed")
    stale = HeadersCollection()
    stale.add("If-Match", f'W/"{made.change_key}"')
    config = RequestConfiguration(headers=stale)
    await refused(one.delete(request_configuration=config), 412, "ErrorIrresolvableConflict")
    await one.delete()
    await refused(one.get(), 404, "ErrorItemNotFound")


async def view(graph, calendar):
    """Reads a series through a view, page by page, with the mark."""
    scope = graph.me.calendars.by_calendar_id(calendar)
    for hour in (6, 7):
        mark = [SingleValueLegacyExtendedProperty(id=MARK, value=f"1.{hour}")]
        await scope.events.post(block(hour, single_value_extended_properties=mark))
    pattern = RecurrencePattern(
        type=RecurrencePatternType.Weekly,
        interval=1,
        days_of_week=[DayOfWeek.Monday, DayOfWeek.Thursday],
        first_day_of_week=DayOfWeek.Monday,
    )
    extent = RecurrenceRange(
        type=RecurrenceRangeType.Numbered, start_date=DAY, number_of_occurrences=12
    )
    series = await scope.events.post(block(12, recurrence=PatternedRecurrence(pattern=pattern, range=extent)))
    expect(series.type == EventType.SeriesMaster, "the series is no series")
    parameters = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters(
        **window(), expand=[f"singleValueExtendedProperties($filter=id eq '{MARK}')"]
    )
    config = RequestConfiguration(
        query_parameters=parameters,
        headers=prefer('IdType="ImmutableId", outlook.timezone="UTC"'),
    )
    page = await scope.calendar_view.get(request_configuration=config)
    rows = list(page.value)
    expect(len(rows) == 10 and page.odata_next_link, "the first page is not ten rows and a link")
    while page.odata_next_link:
        config = RequestConfiguration(headers=prefer('IdType="ImmutableId", outlook.timezone="UTC"'))
        page = await scope.calendar_view.with_url(page.odata_next_link).get(request_configuration=config)
        rows.extend(page.value)
    for row in rows:
        expect_known(row)
    kinds = [row.type for row in rows]
    expect(kinds == [EventType.SingleInstance] * 2 + [EventType.Occurrence] * 12, "rows are out of order")
    marks = [row.single_value_extended_properties[0].value for row in rows[:2]]
    expect(marks == ["1.6", "1.7"], "the marks are not there")
    expect(len({row.i_cal_u_id for row in rows}) == 14, "occurrences share a UID")


async def delta_round(scope, link=None):
    """A whole round: its rows and its delta link."""
    rows, page = [], None
    while page is None or page.odata_next_link:
        headers = prefer('odata.maxpagesize=5, IdType="ImmutableId"')
        if page is None and link is None:
            parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(**window())
            config = RequestConfiguration(query_parameters=parameters, headers=headers)
            page = await scope.calendar_view.delta.get(request_configuration=config)
        else:
            config = RequestConfiguration(headers=headers)
            url = page.odata_next_link if page else link
            page = await scope.calendar_view.delta.with_url(url).get(request_configuration=config)
        rows.extend(page.value)
    expect(page.odata_delta_link, "the round has no end")
    return rows, page.odata_delta_link


async def delta(graph, calendar):
    """Follows changes through delta links."""
    scope = graph.me.calendars.by_calendar_id(calendar)
    rows, link = await delta_round(scope)
    for row in rows:
        expect_known(row)
    kinds = [row.type for row in rows]
    expect(kinds.count(EventType.SingleInstance) == 2, "singles are missing")
    expect(kinds.count(EventType.Occurrence) == 12, "occurrences are missing")
    stub = next(row for row in rows if row.type == EventType.Occurrence)
    expect(stub.subject is None and stub.series_master_id, "an occurrence is no stub")
    rows, link = await delta_round(scope, link)
    expect(rows == [], "nothing changed, and yet there are rows")
    made = await scope.events.post(block(15))
    rows, link = await delta_round(scope, link)
    expect(len(rows) == 1 and rows[0].subject == "Busy", "the new event is not told")
    await scope.events.by_event_id(made.id).delete()
    rows, link = await delta_round(scope, link)
    expect(len(rows) == 1 and "@removed" in rows[0].additional_data, "the removal is not told")


async def batch(graph, calendar):
    """Sends several requests in one."""
    scope = graph.me.calendars.by_calendar_id(calendar)
    content = BatchRequestContent()
    for hour in (17, 18, 19):
        content.add_request_information(scope.events.to_post_request_information(block(hour)))
    missing = scope.events.by_event_id("nonsense").to_get_request_information()
    content.add_request_information(missing)
    answer = await graph.batch.post(content)
    statuses = sorted(answer.get_response_status_codes().values())
    expect(statuses == [201, 201, 201, 400], f"the parts ended with {statuses}")


async def subscriptions(graph, calendar, control):
    """Subscribes, is told of a change, renews and ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    control("/__switches", {"notification_latency_ms": [0, 0]})
    hook = f"http://127.0.0.1:{server.server_port}/hook"
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    wanted = Subscription(
        change_type="created,updated,deleted",
        notification_url=hook,
        lifecycle_notification_url=hook,
        resource=f"/me/calendars/{calendar}/events",
        expiration_date_time=soon,
        client_state="secret",
    )
    made = await graph.subscriptions.post(wanted)
    expect(made.id and made.client_state == "secret", "the subscription is not whole")
    expect_known(made)
    await refused(graph.subscriptions.post(wanted), 409, "Conflict")
    await graph.me.calendars.by_calendar_id(calendar).events.post(block(20))
    expect(await asyncio.to_thread(Hook.arrived.wait, 10), "no notification came")
    expect(Hook.got[0]["subscriptionId"] == made.id, "the notification names another subscription")
    expect(Hook.got[0]["clientState"] == "secret", "the client state is lost")
    one = graph.subscriptions.by_subscription_id(made.id)
    later = soon + datetime.timedelta(days=1)
    renewed = await one.patch(Subscription(expiration_date_time=later))
    expect(renewed.expiration_date_time > made.expiration_date_time, "it was not renewed")
    await one.reauthorize.post()
    listed = await graph.subscriptions.get()
    expect(made.id in [found.id for found in listed.value], "the list does not have it")
    await one.delete()
    await refused(one.get(), 404, "ResourceNotFound")
    server.shutdown()


async def run(base, token):
    def control(path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(base + path, data=data, headers=headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    adapter = GraphRequestAdapter(StaticBearer(token))
    adapter.base_url = f"{base}/v1.0"
    graph = GraphServiceClient(request_adapter=adapter)
    calendar = await calendars(graph)
    await events(graph, calendar)
    await view(graph, calendar)
    await delta(graph, calendar)
    await batch(graph, calendar)
    await subscriptions(graph, calendar, control)
    await graph.me.calendars.by_calendar_id(calendar).delete()
    expect(control("/__ledger")["notifications"] == [], "somebody would have been told")
    print("microsoft: calendars, events, view, delta, batch, subscriptions")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: microsoft_client.py BASE_URL TOKEN")
    asyncio.run(run(sys.argv[1].rstrip("/"), sys.argv[2]))
