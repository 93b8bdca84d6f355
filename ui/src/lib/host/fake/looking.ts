//! What the pretended world answers to those who only look: glance, requests, why, doctor.

import type { DoctorDto, WhyDto, WhyEvent } from '$lib/bindings';
import type { GlanceDto, GlanceSpan, RequestDto } from '../types';
import { events, refer, time } from './calendars';
import type { World } from './world';

const HOUR = 3_600_000;

export function glance(world: World, from: string, to: string): GlanceDto {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  const days = Math.ceil((end - start) / (24 * HOUR));
  const spans: GlanceSpan[] = world.calendars.flatMap((calendar) =>
    events(calendar.id, start, days).map((at, index) => ({
      time: at,
      tentative: index % 9 === 4,
      calendars: [refer(calendar)],
    })),
  );
  spans.sort((a, b) => a.time.start.localeCompare(b.time.start));
  return { spans, unknown: world.mood === 'error' && world.calendars[1] ? [refer(world.calendars[1])] : [] };
}

export function requests(world: World): RequestDto[] {
  return world.journeys.slice(0, 24).map((journey, index) => {
    const calendar = journey.link.target;
    const provider = world.accounts.find(({ name }) => name === calendar.account)?.provider;
    const base = { id: index, at: journey.at, account: calendar.account, to: 'provider' as const, took_ms: 140 + ((index * 37) % 240) };
    const when = journey.time ?? time(Date.parse(journey.at), Date.parse(journey.at) + HOUR);
    const removed = journey.action === 'removed';
    if (provider === 'microsoft') {
      const body = JSON.stringify(
        {
          subject: 'Busy',
          start: { dateTime: when.start.slice(0, 19), timeZone: 'UTC' },
          end: { dateTime: when.end.slice(0, 19), timeZone: 'UTC' },
          showAs: 'busy',
          sensitivity: 'private',
          isReminderOn: false,
          transactionId: `sfb-${(index * 7919).toString(16).padStart(8, '0')}`,
        },
        null,
        2,
      );
      return {
        ...base,
        host: 'graph.microsoft.com',
        method: removed ? 'DELETE' : 'POST',
        path: removed ? '/v1.0/me/events/AAMkAG…' : '/v1.0/me/calendars/AAMkAG…/events',
        headers: [
          ['authorization', 'Bearer ••••••••'],
          ['content-type', 'application/json'],
          ['prefer', 'IdType="ImmutableId"'],
        ],
        body: removed ? null : body,
        bytes: removed ? 0 : body.length,
        status: removed ? 204 : 201,
      };
    }
    if (provider === 'google') {
      const body = JSON.stringify(
        {
          id: `sfb${(index * 104729).toString(32)}`,
          summary: 'Busy',
          visibility: 'private',
          transparency: 'opaque',
          start: { dateTime: when.start },
          end: { dateTime: when.end },
          reminders: { useDefault: false },
        },
        null,
        2,
      );
      return {
        ...base,
        host: 'www.googleapis.com',
        method: removed ? 'DELETE' : 'POST',
        path: '/calendar/v3/calendars/primary/events?sendUpdates=none',
        headers: [
          ['authorization', 'Bearer ••••••••'],
          ['content-type', 'application/json'],
        ],
        body: removed ? null : body,
        bytes: removed ? 0 : body.length,
        status: removed ? 204 : 200,
      };
    }
    const stamp = (text: string) => text.replace(/[-:]|\.\d+/g, '');
    const body = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Starmesh//EN',
      'BEGIN:VEVENT',
      `UID:sfb-${(index * 7919).toString(16)}@starmesh`,
      `DTSTART:${stamp(when.start)}`,
      `DTEND:${stamp(when.end)}`,
      'SUMMARY:Busy',
      'CLASS:PRIVATE',
      'TRANSP:OPAQUE',
      'END:VEVENT',
      'END:VCALENDAR',
    ].join('\r\n');
    return {
      ...base,
      host: 'dav.example.net',
      method: removed ? 'DELETE' : 'PUT',
      path: `/ann/${calendar.path.split('/')[1] ?? ''}/sfb-${(index * 7919).toString(16)}.ics`,
      headers: [
        ['authorization', 'Basic ••••••••'],
        ['content-type', 'text/calendar; charset=utf-8'],
        [removed ? 'if-match' : 'if-none-match', removed ? '"4f2a…"' : '*'],
      ],
      body: removed ? null : body,
      bytes: removed ? 0 : body.length,
      status: removed ? 204 : 201,
    };
  });
}

export function why(world: World, name: string, at: string): WhyDto {
  const calendar = world.find(name);
  const start = Date.parse(at);
  const span = time(start, start + HOUR);
  const links = world.links().filter(({ source, target }) => source.id === calendar.id || target.id === calendar.id);
  return {
    calendar: refer(calendar),
    time: span,
    in_window: start > Date.now() - 48 * HOUR && start < Date.now() + 180 * 24 * HOUR,
    read_at: new Date(Date.now() - 8000).toISOString(),
    read_age_s: 8,
    links: links.map((link, index) => {
      const outcomes: WhyEvent[][] = [
        [{ time: span, outcome: 'stands' }],
        [{ time: span, outcome: 'skipped', reason: 'declined' }],
        [],
        [{ time: span, outcome: 'skipped', reason: 'same_meeting' }],
        [{ time: span, outcome: 'will_be_placed' }],
      ];
      const ref = { name: link.name, source: link.source, target: link.target };
      if (link.state === 'paused') return { link: ref, unknown: 'paused', events: [] };
      return { link: ref, events: outcomes[index % outcomes.length] ?? [] };
    }),
  };
}

export function doctor(world: World): DoctorDto {
  const bad = world.mood === 'error';
  const offline = world.mood === 'offline';
  return {
    version: '0.1.0',
    at: new Date().toISOString(),
    verdict: bad || offline ? 'failed' : 'note',
    findings: [
      { check: 'data_folder', verdict: 'good', message: 'the data folder can be written, by its owner only' },
      { check: 'disk_space', verdict: 'good', message: '81 GiB are free' },
      { check: 'vault', verdict: 'good', message: 'the keychain is open and holds the keys' },
      { check: 'database', verdict: 'good', message: 'the database is whole' },
      { check: 'clock', verdict: 'good', message: 'the clock differs by 0.2 s from that of the servers' },
      ...world.accounts.map((account, index) => ({
        check: 'sign_in' as const,
        verdict: bad && index === 1 ? ('failed' as const) : ('good' as const),
        account: account.name,
        message: bad && index === 1 ? 'the server refuses the sign-in' : 'the server lets it in',
        ...(bad && index === 1 ? { code: 'sign_in_refused' as const, said: 'HTTP 401 invalid_grant', action: 'sign in again' } : {}),
      })),
      ...(offline
        ? [
            {
              check: 'connection' as const,
              verdict: 'failed' as const,
              host: 'graph.microsoft.com',
              message: 'it does not answer',
              code: 'offline' as const,
              action: 'check the network connection and the proxy; nothing is lost meanwhile',
            },
          ]
        : []),
      { check: 'other_tool', verdict: 'note', message: 'no other sync tool was seen in these calendars' },
    ],
  };
}
