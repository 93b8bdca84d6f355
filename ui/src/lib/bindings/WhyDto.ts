// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { TimeDto } from "./TimeDto";
import type { WhyLink } from "./WhyLink";

/**
 * What every link into and out of a calendar makes of some time.
 */
export type WhyDto = { 
/**
 * Which calendar.
 */
calendar: CalendarRef, 
/**
 * The time in question: two instants, RFC 3339, the end exclusive.
 */
time: TimeDto, 
/**
 * False when the time lies outside the window, in which alone busy blocks are placed.
 */
in_window: boolean, 
/**
 * When the calendar was last read, RFC 3339; none when never.
 */
read_at: string | null, 
/**
 * Seconds since then.
 */
read_age_s: number | null, 
/**
 * The links, those out of the calendar first.
 */
links: Array<WhyLink>, };
