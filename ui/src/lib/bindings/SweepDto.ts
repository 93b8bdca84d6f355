// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";
import type { SweptCalendarDto } from "./SweptCalendarDto";
import type { TroubleDto } from "./TroubleDto";

/**
 * Every busy block that stands in some calendars, whether or not its link is known here.
 */
export type SweepDto = { 
/**
 * False when it was only shown.
 */
removed: boolean, 
/**
 * The calendars that could be read, by name.
 */
calendars: Array<SweptCalendarDto>, 
/**
 * Links that would place blocks again: they pause with the removal.
 */
links: Array<LinkRef>, 
/**
 * Calendars that could not be read or written.
 */
troubles: Array<TroubleDto>, };
