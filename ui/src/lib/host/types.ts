//! What the window needs beside the answers of the façade. Each of these is shaped like them, so that it can
//! become one.

import type { AllDay, CalendarRef, Deleted, LeftOut, LinkRef, PlanDto, ShapeDto, TimeDto, Undecided } from '$lib/bindings';

/** An account as a person gives it. Secrets go to the host and never come back. */
export type NewAccount =
  | { kind: 'microsoft' | 'google'; name: string | null; client_id: string | null }
  | { kind: 'caldav'; name: string | null; url: string; user: string; secret: string }
  | { kind: 'ics'; name: string | null; url: string };

export type AccountKind = NewAccount['kind'];

/** A group as a person draws it: a star's hub and a one-way pair's source first. */
export interface NewGroup {
  shape: ShapeDto;
  /** Paths of calendars, `account/last segment`. */
  calendars: string[];
  /** The group that this one takes the place of, so that what both make is kept. */
  replaces: string | null;
}

/** What a group would bring, worked out from what is known already: nothing is asked of any provider. */
export interface ForecastDto {
  /** Pairs there are now, and would be. */
  pairs_now: number;
  pairs_after: number;
  pair_limit: number | null;
  /** Busy blocks that would be placed, for each link; none while a source was never read. */
  links: { link: LinkRef; place: number | null }[];
  left_out: LeftOut[];
  /** How long placing them takes at the pace the providers allow; none while the number is unknown. */
  duration_s: number | null;
}

/** A stretch of time in a week strip. */
export interface SpanDto {
  time: TimeDto;
  /** An event of one's own, or what becomes of a busy block. */
  kind: 'own' | 'stays' | 'placed' | 'moved_from' | 'moved_to' | 'changed' | 'removed' | 'held';
}

/** One calendar's next seven days, before and after. */
export interface WeekDto {
  calendar: CalendarRef;
  /** Midnight of the first day where the person is, RFC 3339. */
  from: string;
  before: SpanDto[];
  after: SpanDto[];
}

/** A plan that the host keeps: exactly this one is carried out when it is approved. */
export interface PreparedPlanDto {
  token: string;
  plan: PlanDto;
  weeks: WeekDto[];
}

/** Combined busy time of one's own calendars. */
export interface GlanceDto {
  spans: GlanceSpan[];
  /** Calendars that were never read, or not for long: what they hold is unknown. */
  unknown: CalendarRef[];
}

export interface GlanceSpan {
  time: TimeDto;
  tentative: boolean;
  /** Where it is from. */
  calendars: CalendarRef[];
}

/** A request that was sent, as it was, with every secret in it masked by the host. */
export interface RequestDto {
  id: number;
  at: string;
  account: string | null;
  /** `provider` or `relay`. */
  to: 'provider' | 'relay';
  host: string;
  method: string;
  path: string;
  headers: [string, string][];
  body: string | null;
  bytes: number;
  status: number | null;
  took_ms: number | null;
}

/** What the shell keeps for the window. */
export interface PrefsDto {
  theme: 'system' | 'light' | 'dark';
  language: 'system' | 'en' | 'de';
  autostart: boolean;
  notifications: 'problems' | 'none';
  snoozed_until: string | null;
}

/** How long something stands still. */
export type PauseLength = { for_minutes: number } | { until: string } | 'until_resumed';

/** Which links are meant. */
export type LinkScope = { links: string[] } | { into: string } | 'all';

/** Rules that get another value; the others stay as each link has them. The word `none` takes a text away. */
export interface PolicyChange {
  on?: boolean;
  label?: string;
  color?: string;
  tentative?: Undecided;
  unanswered?: Undecided;
  all_day?: AllDay;
  hours?: string;
  min_minutes?: number;
  keywords_only?: string[];
  keywords_never?: string[];
  categories_only?: string[];
  categories_never?: string[];
  deleted?: Deleted;
}

/** What leaving would take away, shown before it is done. */
export interface LeaveDto {
  token: string;
  links: { link: LinkRef; mirrors: number }[];
  accounts: string[];
  /** Accounts whose consent can be withdrawn by the program; of the others the person is told the page. */
  revocable: string[];
}

/** A file that was shown, and is saved by the shell where the person says. */
export interface DoctorBundleDto {
  text: string;
}

/** A screen that the shell asks for: a line of the tray's menu, or a notification. */
export type Place =
  | 'start'
  | 'topology'
  | 'plan'
  | 'activity'
  | 'glance'
  | 'privacy'
  | 'settings'
  | 'doctor';
