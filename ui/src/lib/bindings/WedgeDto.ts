// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";

/**
 * Something that stands still.
 */
export type WedgeDto = { 
/**
 * In which calendar.
 */
calendar: CalendarRef, 
/**
 * Of which link, when of one.
 */
link?: string, 
/**
 * Why: `refused`, `read_only`, `quota_exceeded`, `has_attendees`, `mark_stripped`; or for a broken event
 * what is wrong with it, as in the reasons of a plan.
 */
reason: string, 
/**
 * What a person can do about it, in words.
 */
hint: string, 
/**
 * What the provider said.
 */
message?: string, 
/**
 * Since when, RFC 3339.
 */
since: string, 
/**
 * When the event in question starts, RFC 3339, where that is known.
 */
event_at?: string, };
