// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { CheckDto } from "./CheckDto";
import type { ErrorCode } from "./ErrorCode";
import type { LinkRef } from "./LinkRef";
import type { VerdictDto } from "./VerdictDto";

/**
 * One thing that was looked at.
 */
export type FindingDto = { 
/**
 * What was looked at.
 */
check: CheckDto, 
/**
 * How it is.
 */
verdict: VerdictDto, 
/**
 * Of which account.
 */
account?: string, 
/**
 * Of which server.
 */
host?: string, 
/**
 * Of which calendar.
 */
calendar?: CalendarRef, 
/**
 * Of which link.
 */
link?: LinkRef, 
/**
 * How it is, in a sentence for people. It names nothing of the person's: no account, calendar, server or
 * folder. Those stand in the fields beside it, and what others said in `said`.
 */
message: string, 
/**
 * The failure's stable name, where there is one.
 */
code?: ErrorCode, 
/**
 * What the system or a server said about it.
 */
said?: string, 
/**
 * The one thing to do about it.
 */
action?: string, };
