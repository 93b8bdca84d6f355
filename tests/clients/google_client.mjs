// Drives a running simulator with Google's own JavaScript library, and asserts what it sees.
//
//     npm install --prefix tests/clients --no-package-lock
//     starmesh-sim serve --google 127.0.0.1:8081 --token T
//     node tests/clients/google_client.mjs http://127.0.0.1:8081 T
//
// The library is unchanged: another root URL, a plain bearer token. It has no batches of its own any more.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { google } from "googleapis";

import { webHook } from "./web_hook.mjs";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const [base, token] = process.argv.slice(2).map((word) => word.replace(/\/$/, ""));
assert(base && token, "usage: google_client.mjs BASE_URL TOKEN");

// The next full hour a day from now.
const start = new Date(Math.ceil(Date.now() / HOUR_MS) * HOUR_MS + DAY_MS);

const auth = new google.auth.OAuth2();
auth.setCredentials({ access_token: token });
const calendar = google.calendar({ version: "v3", auth, rootUrl: base });

/** An hour in UTC, some days on. */
function hour(days = 0) {
  const from = new Date(start.getTime() + days * DAY_MS);
  const to = new Date(from.getTime() + HOUR_MS);
  return {
    start: { dateTime: from.toISOString(), timeZone: "UTC" },
    end: { dateTime: to.toISOString(), timeZone: "UTC" },
    reminders: { useDefault: false, overrides: [] },
  };
}

async function refused(call, status, reason) {
  await assert.rejects(call, (error) => {
    assert.equal(error.status, status, `${error}`);
    assert.equal(error.response.data.error.errors[0].reason, reason);
    return true;
  });
}

/** All rows of a list, and its sync token. */
async function everything(query) {
  const rows = [];
  let pageToken;
  for (;;) {
    const { data } = await calendar.events.list({ ...query, pageToken });
    rows.push(...(data.items ?? []));
    pageToken = data.nextPageToken;
    if (!pageToken) return [rows, data.nextSyncToken];
    assert.equal(data.nextSyncToken, undefined);
  }
}

async function calendars() {
  const { data: list } = await calendar.calendarList.list();
  assert.equal(list.items.filter((row) => row.primary && row.accessRole === "owner").length, 1);
  const requestBody = { summary: "Client", timeZone: "Europe/Berlin" };
  const { id: calendarId } = (await calendar.calendars.insert({ requestBody })).data;
  await calendar.calendars.patch({ calendarId, requestBody: { summary: "Renamed" } });
  assert.equal((await calendar.calendarList.get({ calendarId })).data.summary, "Renamed");
  return calendarId;
}

async function events(calendarId) {
  const requestBody = { ...hour(), id: "abcdef0123456789", summary: "Busy", visibility: "private" };
  const { data: made } = await calendar.events.insert({ calendarId, sendUpdates: "none", requestBody });
  assert.deepEqual([made.status, made.summary], ["confirmed", "Busy"]);
  const eventId = made.id;
  await refused(calendar.events.insert({ calendarId, requestBody }), 409, "duplicate");
  const { start: from, end } = hour(1);
  const headers = { "If-Match": made.etag };
  const moved = await calendar.events.patch({ calendarId, eventId, requestBody: { start: from, end } }, { headers });
  assert.notEqual(moved.data.etag, made.etag);
  const stale = calendar.events.patch({ calendarId, eventId, requestBody: { summary: "x" } }, { headers });
  await refused(stale, 412, "conditionNotMet");
  assert.equal((await calendar.events.delete({ calendarId, eventId })).status, 204);
  await refused(calendar.events.delete({ calendarId, eventId }), 410, "deleted");
  await refused(calendar.events.get({ calendarId, eventId: "never" }), 404, "notFound");
  assert.equal((await calendar.events.get({ calendarId, eventId })).data.status, "cancelled");
}

async function pagingAndSync(calendarId) {
  for (let n = 0; n < 7; n++) {
    await calendar.events.insert({ calendarId, requestBody: { ...hour(n), id: `paged${n}` } });
  }
  const query = { calendarId, singleEvents: true };
  const [rows, first] = await everything({ ...query, maxResults: 3 });
  assert.equal(new Set(rows.map((row) => row.id)).size, 7);
  assert(first);
  await calendar.events.patch({ calendarId, eventId: "paged3", requestBody: { summary: "new" } });
  await calendar.events.delete({ calendarId, eventId: "paged4" });
  const [changed, second] = await everything({ ...query, syncToken: first });
  const told = changed.map((row) => `${row.id} ${row.status}`).sort();
  assert.deepEqual(told, ["paged3 confirmed", "paged4 cancelled"]);
  assert.deepEqual((await everything({ ...query, syncToken: second }))[0], []);
}

async function series(calendarId) {
  const requestBody = { ...hour(), summary: "Series", recurrence: ["RRULE:FREQ=WEEKLY;COUNT=5"] };
  const { data: master } = await calendar.events.insert({ calendarId, requestBody });
  const { data: dates } = await calendar.events.instances({ calendarId, eventId: master.id });
  assert.equal(dates.items.length, 5);
  assert(dates.items.every((row) => row.recurringEventId === master.id));
  await calendar.events.delete({ calendarId, eventId: dates.items[1].id });
  const { data: left } = await calendar.events.instances({ calendarId, eventId: master.id });
  assert.equal(left.items.length, 4);
  await calendar.events.delete({ calendarId, eventId: master.id });
}

async function watch(calendarId) {
  const hook = await webHook((_url, _body, headers) => ({ status: 204, note: [headers] }));
  const requestBody = { id: randomUUID(), type: "web_hook", address: hook.address, token: "t" };
  const { data: channel } = await calendar.events.watch({ calendarId, requestBody });
  await calendar.events.insert({ calendarId, requestBody: hour() });
  await hook.until(2);
  assert.deepEqual(hook.got.map((it) => it["x-goog-resource-state"]), ["sync", "exists"]);
  assert(hook.got.every((it) => it["x-goog-channel-token"] === "t"));
  await calendar.channels.stop({ requestBody: { id: channel.id, resourceId: channel.resourceId } });
  hook.close();
}

const calendarId = await calendars();
await events(calendarId);
await pagingAndSync(calendarId);
await series(calendarId);
await watch(calendarId);
await calendar.calendars.delete({ calendarId });
const ledger = await (await fetch(`${base}/__ledger`)).json();
assert.deepEqual(ledger.notifications, [], "somebody would have been told");
console.log("google: calendars, events, paging, sync token, series, watch");
