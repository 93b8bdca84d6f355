//! Whether two calendars can be joined, and if not, why: said while the line is still being drawn.

import type { CalendarDto } from '$lib/bindings';
import { countPairs, linksOfAll, pairKey, type Drawn } from './pairs';

export type Refusal =
  | 'same_calendar'
  | 'nothing_writable'
  | 'already_joined'
  | 'missing'
  | 'limit';

export interface Situation {
  groups: readonly Drawn[];
  calendars: ReadonlyMap<string, CalendarDto>;
  pairLimit: number | null;
}

export function readOnlyOf(calendars: Iterable<CalendarDto>): Set<string> {
  return new Set([...calendars].filter((calendar) => calendar.read_only).map(({ id }) => id));
}

/** Why `a` and `b` cannot be joined; none when they can. */
export function refuse(situation: Situation, a: string, b: string): Refusal | null {
  if (a === b) return 'same_calendar';
  const [first, second] = [situation.calendars.get(a), situation.calendars.get(b)];
  if (first?.missing || second?.missing) return 'missing';
  if (first?.read_only && second?.read_only) return 'nothing_writable';
  const readOnly = readOnlyOf(situation.calendars.values());
  const links = linksOfAll(situation.groups, readOnly);
  const joined = links.filter(({ source, target }) => pairKey(source, target) === pairKey(a, b)).length;
  const possible = first?.read_only || second?.read_only ? 1 : 2;
  if (joined >= possible) return 'already_joined';
  return overLimit(situation, { shape: 'pair', calendars: [a, b] }) ? 'limit' : null;
}

/** Whether one more group would make more pairs than are allowed. */
export function overLimit({ groups, calendars, pairLimit }: Situation, drawn: Drawn): boolean {
  if (pairLimit === null) return false;
  const readOnly = readOnlyOf(calendars.values());
  const before = countPairs(groups, readOnly);
  const after = countPairs([...groups, drawn], readOnly);
  // What stands already is no reason to refuse: a limit that was lowered stops growth only.
  return after > pairLimit && after > before;
}

/** Calendars of a drawing that can only be read: nothing is written there. */
export function onlyRead({ calendars }: Situation, drawn: Drawn): CalendarDto[] {
  return drawn.calendars.flatMap((id) => calendars.get(id) ?? []).filter(({ read_only }) => read_only);
}
