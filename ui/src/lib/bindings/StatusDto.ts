// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarStatusDto } from "./CalendarStatusDto";
import type { DamageDto } from "./DamageDto";
import type { LatencyDto } from "./LatencyDto";
import type { LinkDto } from "./LinkDto";
import type { WedgeDto } from "./WedgeDto";

/**
 * How things stand.
 */
export type StatusDto = { 
/**
 * The process of `starmesh run`, when one runs.
 */
daemon_pid: number | null, 
/**
 * Another process that works on the data folder (`sync`, `apply`, `clean`).
 */
worker_pid: number | null, 
/**
 * The calendars that links touch.
 */
calendars: Array<CalendarStatusDto>, 
/**
 * The links.
 */
links: Array<LinkDto>, 
/**
 * True while a person lets everything stand still.
 */
paused: boolean, 
/**
 * Until when, RFC 3339, where that ends by itself.
 */
paused_until?: string, 
/**
 * How long changes took over the last seven days, for each link with a write.
 */
latency: Array<LatencyDto>, 
/**
 * What stands still.
 */
wedges: Array<WedgeDto>, 
/**
 * Calendars that are known to have changed and wait to be read.
 */
waiting: number, 
/**
 * True when something needs a person.
 */
needs_person: boolean, 
/**
 * The database that was damaged and moved aside, as long as it lies there.
 */
damage?: DamageDto, };
