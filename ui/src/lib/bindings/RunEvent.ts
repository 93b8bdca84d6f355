// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { JourneyDto } from "./JourneyDto";

/**
 * Something that happened in a running engine.
 */
export type RunEvent = { "event": "started", 
/**
 * Of how many links.
 */
links: number, 
/**
 * Its process.
 */
pid: number, } | { "event": "pull_started", 
/**
 * Which.
 */
calendar: CalendarRef, } | { "event": "pull_progress", 
/**
 * Which.
 */
calendar: CalendarRef, 
/**
 * How many so far.
 */
items: number, } | { "event": "pull_waits", 
/**
 * Which.
 */
calendar: CalendarRef, 
/**
 * How long, in seconds.
 */
seconds: number, } | { "event": "pulled", 
/**
 * Which.
 */
calendar: CalendarRef, 
/**
 * How many items are new, changed or gone.
 */
changed: number, } | { "event": "pull_failed", 
/**
 * Which.
 */
calendar: CalendarRef, 
/**
 * Why.
 */
message: string, 
/**
 * True when only a person can help.
 */
needs_person: boolean, } | { "event": "planned", 
/**
 * Which.
 */
calendar: CalendarRef, 
/**
 * How many writes follow.
 */
operations: number, 
/**
 * How many removals wait for a person.
 */
held: number, } | { "event": "place_progress", 
/**
 * In which calendar.
 */
calendar: CalendarRef, 
/**
 * How many so far.
 */
done: number, 
/**
 * How many in all.
 */
total: number, } | { "event": "placed" } & JourneyDto | { "event": "wedged", 
/**
 * In which calendar.
 */
calendar: CalendarRef, 
/**
 * Why.
 */
reason: string, } | { "event": "reloaded" } | { "event": "quiet" } | { "event": "missed", 
/**
 * How many.
 */
count: number, } | { "event": "stopped" };
