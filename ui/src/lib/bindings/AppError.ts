// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { Action } from "./Action";
import type { ErrorCode } from "./ErrorCode";

/**
 * A failure, with everything a person needs.
 */
export type AppError = { 
/**
 * Its stable name.
 */
code: ErrorCode, 
/**
 * What happened, in one sentence without a full stop. Names no secret and no content of an event.
 */
message: string, 
/**
 * What to know or do next.
 */
hint?: string, 
/**
 * The one thing to do about it.
 */
action?: Action, };
