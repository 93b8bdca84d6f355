// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";

/**
 * What came back of a block that was placed on trial, before any other, and removed.
 */
export type CanaryDto = { 
/**
 * When, RFC 3339.
 */
at: string, 
/**
 * True when a listing showed it.
 */
listed: boolean, 
/**
 * True when the calendar told of it as a change; absent where it tells no changes.
 */
told?: boolean, 
/**
 * True when its mark came back.
 */
mark_kept: boolean, 
/**
 * True when something in it came back otherwise than it was written.
 */
altered: boolean, 
/**
 * The calendar in which it stood too.
 */
same_as?: CalendarRef, };
