//! Calendars, accounts and events of the pretended world: the same at every start.

import type { AccountDto, CalendarDto, CalendarRef, PolicyDto, TimeDto } from '$lib/bindings';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export function calendar(
  account: string,
  name: string,
  color: string | null,
  more: Partial<CalendarDto> = {},
): CalendarDto {
  const short = more.short_name ?? name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return {
    id: `${account}-${short}`,
    name,
    account,
    path: `${account}/${short}`,
    display_name: name,
    short_name: short,
    url: `https://calendars.example/${short}/`,
    ...(color === null ? {} : { color }),
    zone: 'Europe/Berlin',
    read_only: false,
    missing: false,
    groups: [],
    ...more,
  };
}

export function account(name: string, provider: string, user: string, more: Partial<AccountDto> = {}): AccountDto {
  const urls: Record<string, string> = {
    microsoft: 'https://graph.microsoft.com/',
    google: 'https://www.googleapis.com/',
    caldav: 'https://dav.example.net/',
    ics: 'https://club.example/…',
  };
  return {
    name,
    provider,
    url: urls[provider] ?? 'https://dav.example.net/',
    user,
    calendars: 0,
    needs_person: false,
    ...more,
  };
}

/** A calendar as others speak of it. */
export function refer({ id, name, account: of, path }: CalendarRef): CalendarRef {
  return { id, name, account: of, path };
}

export function defaultPolicy(): PolicyDto {
  return {
    on: true,
    label: null,
    color: null,
    tentative: 'tentative',
    unanswered: 'tentative',
    all_day: 'opaque',
    hours: null,
    min_minutes: 0,
    keywords: { only: [], never: [] },
    categories: { only: [], never: [] },
    deleted: 'restored',
  };
}

/** Numbers in [0, 1) that are the same for the same name. */
export function numbers(seed: string): () => number {
  let state = 2_166_136_261;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Midnight where the person is. */
export function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

export function time(start: number, end: number): TimeDto {
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString(), all_day: false };
}

/** What stands in a calendar on the days from `from`: on working days a few meetings, on others less. */
export function events(id: string, from: number, days: number): TimeDto[] {
  const found: TimeDto[] = [];
  for (let day = 0; day < days; day += 1) {
    const start = midnight(from + day * DAY + HOUR * 2);
    const random = numbers(`${id} ${new Date(start).toDateString()}`);
    const weekend = [0, 6].includes(new Date(start).getDay());
    let hour = 8 + Math.floor(random() * 5) / 2;
    const count = weekend ? Math.floor(random() * 1.6) : Math.floor(random() * 3.4);
    for (let index = 0; index < count; index += 1) {
      const length = [0.5, 0.5, 1, 1, 1.5, 2][Math.floor(random() * 6)] ?? 1;
      found.push(time(start + hour * HOUR, start + (hour + length) * HOUR));
      hour += length + 0.5 + Math.floor(random() * 4) / 2;
    }
  }
  return found;
}

/** How many busy blocks a calendar's events make in the window. */
export function eventCount(id: string): number {
  return 48 + Math.floor(numbers(`count ${id}`)() * 150);
}
