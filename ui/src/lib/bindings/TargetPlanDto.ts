// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { HeldDto } from "./HeldDto";
import type { LinkPlanDto } from "./LinkPlanDto";
import type { StuckDto } from "./StuckDto";

/**
 * What one calendar needs.
 */
export type TargetPlanDto = { 
/**
 * Which calendar.
 */
calendar: CalendarRef, 
/**
 * Busy blocks to place.
 */
place: number, 
/**
 * Busy blocks whose time changes.
 */
move: number, 
/**
 * Busy blocks that change otherwise.
 */
change: number, 
/**
 * Busy blocks to remove.
 */
remove: number, 
/**
 * Busy blocks that stand and are taken over; nothing is written.
 */
adopt: number, 
/**
 * Writes that stand still since they failed for good; tried again within the hour, or with
 * `--retry-wedged`.
 */
resting: number, 
/**
 * The same per link.
 */
links: Array<LinkPlanDto>, 
/**
 * Removals that wait for a person.
 */
held: Array<HeldDto>, 
/**
 * Busy blocks that ought to change and cannot.
 */
stuck: Array<StuckDto>, 
/**
 * Marked events that are left alone, by kind (`unknown_link`, `copied`, `foreign`).
 */
strays: { [key in string]: number }, };
