// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";

/**
 * Busy blocks that ought to change and cannot.
 */
export type StuckDto = { 
/**
 * Which link.
 */
link: LinkRef, 
/**
 * Why: `has_attendees`, `mark_stripped`.
 */
reason: string, 
/**
 * How many.
 */
count: number, };
