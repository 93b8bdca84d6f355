// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { ErrorCode } from "./ErrorCode";

/**
 * A calendar, or a whole account, that could not be read or written.
 */
export type TroubleDto = { 
/**
 * Which account.
 */
account: string, 
/**
 * Which calendar; none when it is the whole account.
 */
calendar?: CalendarRef, 
/**
 * The stable name of the failure, as in errors.
 */
code: ErrorCode, 
/**
 * What happened.
 */
message: string, 
/**
 * True when only a person can help.
 */
needs_person: boolean, };
