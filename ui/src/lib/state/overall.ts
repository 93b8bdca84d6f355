//! The one answer to "is everything in step, and if not, what do I do?": the worst wins.

import type { CalendarStatusDto, StatusDto } from '$lib/bindings';

export type Overall =
  | 'not_set_up'
  | 'first_sync'
  | 'in_step'
  | 'working'
  | 'paused'
  | 'offline'
  | 'needs_you'
  | 'broken';

/** What asks for a person, each with the one place that solves it. */
export type Problem =
  | { kind: 'sign_in'; account: string; calendars: string[] }
  | { kind: 'held'; calendar: string; count: number }
  | { kind: 'foreign'; calendar: string; count: number }
  | { kind: 'missing'; calendar: string }
  | { kind: 'wedged'; calendar: string; reason: string };

export function problems(status: StatusDto): Problem[] {
  const found: Problem[] = [];
  const refused = new Map<string, string[]>();
  for (const { calendar, failure, held, foreign_marks, missing } of status.calendars) {
    if (failure?.needs_person) {
      refused.set(calendar.account, [...(refused.get(calendar.account) ?? []), calendar.name]);
    }
    if (held > 0) found.push({ kind: 'held', calendar: calendar.name, count: held });
    if (foreign_marks > 0) found.push({ kind: 'foreign', calendar: calendar.name, count: foreign_marks });
    if (missing) found.push({ kind: 'missing', calendar: calendar.name });
  }
  for (const { calendar, reason } of status.wedges) found.push({ kind: 'wedged', calendar: calendar.name, reason });
  return [...[...refused].map(([account, calendars]): Problem => ({ kind: 'sign_in', account, calendars })), ...found];
}

/** How one calendar stands. */
export type CalendarState = 'in_step' | 'paused' | 'offline' | 'needs_you' | 'reading' | 'working' | 'unlinked';

export function calendarState(status: CalendarStatusDto | undefined, paused: boolean): CalendarState {
  if (!status) return 'unlinked';
  if (status.failure?.needs_person || status.held > 0 || status.foreign_marks > 0 || status.missing || status.wedged > 0) {
    return 'needs_you';
  }
  if (paused) return 'paused';
  if (status.failure) return 'offline';
  return status.read_at === null ? 'reading' : 'in_step';
}

export function overall(status: StatusDto | null, accounts: number, working: boolean): Overall {
  if (status === null) return 'first_sync';
  if (accounts === 0 || status.links.length === 0) return 'not_set_up';
  if (status.daemon_pid === null && status.worker_pid === null) return 'broken';
  if (status.needs_person || problems(status).length > 0) return 'needs_you';
  if (status.paused) return 'paused';
  if (status.calendars.length > 0 && status.calendars.every(({ failure }) => failure)) return 'offline';
  // Never green before everything was compared as a whole once.
  if (status.calendars.some(({ verified_at }) => verified_at === null)) return 'first_sync';
  return working ? 'working' : 'in_step';
}

/** The age of the oldest read: the promise that the headline makes. Calendars that stand still do not count. */
export function checkedAge(status: StatusDto): number | null {
  const ages = status.calendars.filter(({ failure }) => !failure).flatMap(({ read_age_s }) => read_age_s ?? []);
  return ages.length === 0 ? null : Math.max(...ages);
}
