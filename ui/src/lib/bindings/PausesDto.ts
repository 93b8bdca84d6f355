// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkDto } from "./LinkDto";
import type { PausedCalendar } from "./PausedCalendar";

/**
 * What stands still because somebody said so.
 */
export type PausesDto = { 
/**
 * True while everything does.
 */
everything: boolean, 
/**
 * Until when, RFC 3339, where that ends by itself.
 */
until?: string, 
/**
 * The calendars that do.
 */
calendars: Array<PausedCalendar>, 
/**
 * The links that do by themselves.
 */
links: Array<LinkDto>, };
