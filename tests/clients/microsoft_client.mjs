// Drives a simulated Microsoft Graph with Microsoft's own JavaScript library, unchanged but for the base URL.
//
//     npm install --prefix tests/clients --no-package-lock
//     starmesh-sim serve --microsoft 127.0.0.1:8091 --token T
//     NODE_EXTRA_CA_CERTS=cert.pem node tests/clients/microsoft_client.mjs http://127.0.0.1:8091 T cert.pem key.pem
//
// The library hands its token to https addresses only. So a relay with the given certificate, which has to be
// for `localhost`, stands in front of the simulator.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { request as forward } from "node:http";
import { createServer } from "node:https";

import { BatchRequestContent, BatchResponseContent, Client, PageIterator } from "@microsoft/microsoft-graph-client";

import { webHook } from "./web_hook.mjs";

const DAY_MS = 86_400_000;
const MARK = "String {00020329-0000-0000-C000-000000000046} Name BusyMarker";

const [base, token, certificate, key] = process.argv.slice(2).map((word) => word.replace(/\/$/, ""));
assert(key, "usage: microsoft_client.mjs BASE_URL TOKEN CERTIFICATE KEY");

/** Takes TLS off on the way to the simulator. */
async function relay(to) {
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (asked, answer) => {
    const headers = { ...asked.headers, "x-forwarded-proto": "https" };
    const onward = forward(new URL(asked.url, to), { method: asked.method, headers }, (answered) => {
      answer.writeHead(answered.statusCode, answered.headers);
      answered.pipe(answer);
    });
    onward.on("error", (error) => answer.destroy(error));
    asked.pipe(onward);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

const front = await relay(base);
const baseUrl = `https://localhost:${front.address().port}`;
const graph = Client.init({
  authProvider: (done) => done(null, token),
  baseUrl,
  customHosts: new Set(["localhost"]),
});

const day = new Date(Date.now() + 30 * DAY_MS).toISOString().slice(0, 10);
const window = {
  startDateTime: `${day}T00:00:00Z`,
  endDateTime: new Date(Date.parse(day) + 60 * DAY_MS).toISOString(),
};

/** Asks a control route of the simulator. */
async function control(path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(base + path, body && { method: "POST", headers, body: JSON.stringify(body) });
  assert(answer.ok, `${path}: ${answer.status}`);
  return await answer.json();
}

/** A busy hour of the day. */
function block(hour, more = {}) {
  const at = (it) => ({ dateTime: `${day}T${String(it).padStart(2, "0")}:00:00`, timeZone: "UTC" });
  return {
    subject: "Busy",
    start: at(hour),
    end: at(hour + 1),
    showAs: "busy",
    sensitivity: "private",
    isReminderOn: false,
    ...more,
  };
}

async function refused(call, status, code) {
  await assert.rejects(call, (error) => {
    assert.deepEqual([error.statusCode, error.code], [status, code]);
    return true;
  });
}

async function calendars() {
  const me = await graph.api("/me").get();
  assert(me.id && me.userPrincipalName);
  const listed = await graph.api("/me/calendars").select(["id", "name", "isDefaultCalendar"]).top(50).get();
  assert(listed.value.some((it) => it.isDefaultCalendar));
  const made = await graph.api("/me/calendars").post({ name: `Client ${randomUUID()}` });
  assert(made.canEdit && made.owner.address);
  return `/me/calendars/${made.id}`;
}

async function events(home) {
  const wanted = block(9, {
    transactionId: randomUUID(),
    singleValueExtendedProperties: [{ id: MARK, value: "1.abc" }],
  });
  const made = await graph.api(`${home}/events`).post(wanted);
  assert.equal(made.transactionId, wanted.transactionId);
  assert.equal((await graph.api(`${home}/events`).post(wanted)).id, made.id);
  const one = () => graph.api(`${home}/events/${made.id}`);
  const marked = await one().expand(`singleValueExtendedProperties($filter=id eq '${MARK}')`).get();
  assert.equal(marked.singleValueExtendedProperties[0].value, "1.abc");
  const changed = await one().patch({ showAs: "tentative" });
  assert.equal(changed.showAs, "tentative");
  const stale = one().header("If-Match", made["@odata.etag"]).delete();
  await refused(stale, 412, "ErrorIrresolvableConflict");
  await one().delete();
  await refused(one().get(), 404, "ErrorItemNotFound");
}

async function series(home) {
  const recurrence = {
    pattern: { type: "daily", interval: 2 },
    range: { type: "numbered", startDate: day, numberOfOccurrences: 15 },
  };
  const master = await graph.api(`${home}/events`).post(block(12, { recurrence }));
  assert.equal(master.type, "seriesMaster");
  const first = await graph.api(`${home}/calendarView`).query(window).header("Prefer", 'IdType="ImmutableId"').get();
  assert(first.value.length === 10 && first["@odata.nextLink"], "the first page is not ten rows and a link");
  const rows = [];
  await new PageIterator(graph, first, (row) => rows.push(row) > 0).iterate();
  assert.deepEqual(rows.map((row) => row.type), Array(15).fill("occurrence"));
  const dates = await graph.api(`${home}/events/${master.id}/instances`).query(window).top(50).get();
  assert.equal(dates.value.length, 15);
}

/** A whole round: its rows and its delta link. */
async function round(from, query = {}) {
  const rows = [];
  let page = await graph.api(from).query(query).header("Prefer", "odata.maxpagesize=5").get();
  for (;;) {
    rows.push(...page.value);
    const next = page["@odata.nextLink"];
    if (!next) return [rows, page["@odata.deltaLink"]];
    page = await graph.api(next).header("Prefer", "odata.maxpagesize=5").get();
  }
}

async function delta(home) {
  const [rows, link] = await round(`${home}/calendarView/delta`, window);
  assert.equal(rows.filter((row) => row.type === "occurrence").length, 15);
  const made = await graph.api(`${home}/events`).post(block(15));
  const [added, later] = await round(link);
  assert.deepEqual(added.map((row) => row.subject), ["Busy"]);
  await graph.api(`${home}/events/${made.id}`).delete();
  const [removed, last] = await round(later);
  assert.deepEqual(removed.map((row) => "@removed" in row), [true]);
  assert.deepEqual((await round(last))[0], []);
}

async function batch(home) {
  const ask = (method, path, body) =>
    new Request(`${baseUrl}${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
  const content = new BatchRequestContent([
    { id: "1", request: ask("POST", `${home}/events`, block(17)) },
    { id: "2", request: ask("POST", `${home}/events`, block(18)) },
    { id: "3", request: ask("GET", `${home}/events/nonsense`) },
  ]);
  const answer = new BatchResponseContent(await graph.api("/$batch").post(await content.getContent()));
  const statuses = ["1", "2", "3"].map((id) => answer.getResponseById(id).status);
  assert.deepEqual(statuses, [201, 201, 400]);
}

async function subscriptions(home) {
  await control("/__switches", { notification_latency_ms: [0, 0] });
  const hook = await webHook((url, body) => {
    const validation = url.searchParams.get("validationToken");
    return validation ? { status: 200, text: validation } : { status: 202, note: JSON.parse(body).value };
  });
  const soon = Date.now() + 2 * DAY_MS;
  const made = await graph.api("/subscriptions").post({
    changeType: "created,updated,deleted",
    notificationUrl: hook.address,
    lifecycleNotificationUrl: hook.address,
    resource: `${home}/events`,
    expirationDateTime: new Date(soon).toISOString(),
    clientState: "secret",
  });
  await graph.api(`${home}/events`).post(block(20));
  await hook.until(1);
  assert.deepEqual([hook.got[0].subscriptionId, hook.got[0].clientState], [made.id, "secret"]);
  const one = () => graph.api(`/subscriptions/${made.id}`);
  const renewed = await one().patch({ expirationDateTime: new Date(soon + DAY_MS).toISOString() });
  assert(Date.parse(renewed.expirationDateTime) > Date.parse(made.expirationDateTime));
  assert((await graph.api("/subscriptions").get()).value.some((it) => it.id === made.id));
  await one().delete();
  await refused(one().get(), 404, "ResourceNotFound");
  hook.close();
}

const home = await calendars();
await events(home);
await series(home);
await delta(home);
await batch(home);
await subscriptions(home);
await graph.api(home).delete();
assert.deepEqual((await control("/__ledger")).notifications, [], "somebody would have been told");
front.close();
front.closeAllConnections();
console.log("microsoft: calendars, events, series, delta, batch, subscriptions");
