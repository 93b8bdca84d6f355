//! Times as people read them. The locale decides the order, the clock and the first day of the week.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** How long ago, in the largest unit that says something. */
export function ago(seconds: number, locale: string): string {
  const past = Math.max(0, Math.floor(seconds));
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  if (past < 2) return format.format(0, 'second');
  if (past < 2 * MINUTE) return format.format(-past, 'second');
  if (past < 2 * HOUR) return format.format(-Math.floor(past / MINUTE), 'minute');
  if (past < 2 * DAY) return format.format(-Math.floor(past / HOUR), 'hour');
  return format.format(-Math.floor(past / DAY), 'day');
}

/** A length of time in one unit: `175 ms`, `1.2 s`, `3 min`. */
export function length(milliseconds: number, locale: string): string {
  const unit = (value: number, name: string, digits: number) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    }).format(value);
  if (milliseconds < 1000) return unit(Math.round(milliseconds), 'millisecond', 0);
  if (milliseconds < 90_000) return unit(milliseconds / 1000, 'second', milliseconds < 10_000 ? 1 : 0);
  if (milliseconds < 5_400_000) return unit(Math.round(milliseconds / 60_000), 'minute', 0);
  return unit(milliseconds / 3_600_000, 'hour', 1);
}

export function clock(at: string | number, locale: string, zone?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', timeZone: zone }).format(new Date(at));
}

export function clockWithSeconds(at: string | number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(at));
}

export function day(at: string | number, locale: string, zone?: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', timeZone: zone }).format(
    new Date(at),
  );
}

/** A whole date such as `2026-12-01`, which belongs to no zone. */
export function date(text: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(`${text}T00:00:00Z`),
  );
}

export function full(at: string | number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));
}

/** The first day of the week, 1 for Monday to 7 for Sunday. */
export function firstDay(locale: string): number {
  const tag = new Intl.Locale(locale) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  return tag.getWeekInfo?.().firstDay ?? tag.weekInfo?.firstDay ?? 1;
}

/** Midnight so many days later; not 24 hours each, since some days have 23 or 25. */
export function addDays(at: Date | number, days: number): Date {
  const moved = new Date(at);
  moved.setDate(moved.getDate() + days);
  return moved;
}

/** The zone that this computer is in. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Tomorrow at eight, where the person is. */
export function tomorrowMorning(now: number): string {
  const at = addDays(now, 1);
  at.setHours(8, 0, 0, 0);
  return at.toISOString();
}
