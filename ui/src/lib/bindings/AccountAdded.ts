// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { AccountDto } from "./AccountDto";
import type { CalendarDto } from "./CalendarDto";

/**
 * An account that was added, and its calendars' names.
 */
export type AccountAdded = { 
/**
 * The account.
 */
account: AccountDto, 
/**
 * Its calendars.
 */
calendars: Array<CalendarDto>, 
/**
 * What the person should know of the way to it.
 */
notice?: string, };
