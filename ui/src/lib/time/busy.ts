//! Busy time put together, and what is left free.

import type { GlanceSpan } from '$lib/host/types';

export interface Stretch {
  start: number;
  end: number;
}

export interface Hours {
  /** Minutes after midnight. */
  from: number;
  to: number;
}

/** The instants of a span; whole days last from midnight to midnight where the person is. */
export function stretch({ time }: Pick<GlanceSpan, 'time'>): Stretch {
  if (!time.all_day) return { start: Date.parse(time.start), end: Date.parse(time.end) };
  const local = (text: string) => new Date(`${text}T00:00:00`).getTime();
  return { start: local(time.start), end: local(time.end) };
}

/** Stretches that touch or overlap become one. */
export function merge(stretches: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  for (const next of [...stretches].sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && next.start <= last.end) last.end = Math.max(last.end, next.end);
    else if (next.end > next.start) merged.push({ ...next });
  }
  return merged;
}

/** What is free between `from` and `to`, at least `minutes` long. */
export function free(busy: readonly Stretch[], within: Stretch, minutes: number): Stretch[] {
  const found: Stretch[] = [];
  let from = within.start;
  for (const { start, end } of [...merge(busy), { start: within.end, end: within.end }]) {
    const until = Math.min(start, within.end);
    if (until - from >= minutes * 60_000) found.push({ start: from, end: until });
    from = Math.max(from, end);
    if (from >= within.end) break;
  }
  return found;
}

/** The instant of a wall clock in a zone, on the given day (`2026-12-01`). */
export function instant(dayText: string, minutes: number, zone: string): number {
  const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  const guess = minutes >= 1440 ? Date.parse(`${dayText}T00:00:00Z`) + minutes * 60_000 : Date.parse(`${dayText}T${clock}:00Z`);
  // Twice, since the first correction may step over a change of the clock.
  const first = guess - offset(guess, zone);
  return guess - offset(first, zone);
}

/** The day at an instant in a zone, as `2026-12-01`. */
export function dayIn(at: number, zone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}

function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((it) => it.type === type)?.value ?? 0);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(at / 1000) * 1000;
}

export interface FreeRequest {
  busy: readonly Stretch[];
  /** Days as `2026-12-01`, in the zone. */
  days: readonly string[];
  hours: Hours;
  minutes: number;
  zone: string;
  locale: string;
  /** What has passed is offered to nobody. */
  now: number;
  weekends: boolean;
}

export interface FreeDay {
  day: string;
  slots: Stretch[];
}

/** The free slots of some days. */
export function freeDays({ busy, days, hours, minutes, zone, now, weekends }: FreeRequest): FreeDay[] {
  return days
    .filter((day) => weekends || ![0, 6].includes(new Date(`${day}T12:00:00Z`).getUTCDay()))
    .map((day) => {
      const start = Math.max(instant(day, hours.from, zone), now);
      const end = instant(day, hours.to, zone);
      return { day, slots: end > start ? free(busy, { start, end }, minutes) : [] };
    });
}

/** The same as text that can be pasted into a mail. Names no event and no calendar. */
export function freeText(request: FreeRequest, zoneTitle: string, nothing: string): string {
  const { zone, locale } = request;
  const clock = new Intl.DateTimeFormat(locale, { timeZone: zone, hour: '2-digit', minute: '2-digit' });
  const title = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', weekday: 'long', day: 'numeric', month: 'long' });
  const lines = freeDays(request)
    .filter(({ slots }) => slots.length > 0)
    .map(({ day, slots }) => {
      const times = slots.map(({ start, end }) => `${clock.format(start)}–${clock.format(end)}`);
      return `${title.format(new Date(`${day}T00:00:00Z`))}: ${times.join(', ')}`;
    });
  return lines.length === 0 ? nothing : [...lines, zoneTitle].join('\n');
}
