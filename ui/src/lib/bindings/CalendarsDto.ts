// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarDto } from "./CalendarDto";
import type { TroubleDto } from "./TroubleDto";

/**
 * All calendars, as far as they could be listed.
 */
export type CalendarsDto = { 
/**
 * The calendars.
 */
calendars: Array<CalendarDto>, 
/**
 * Accounts whose calendars could not be listed anew; theirs are as last known.
 */
troubles: Array<TroubleDto>, };
