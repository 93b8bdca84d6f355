// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";

/**
 * What one link needs.
 */
export type LinkPlanDto = { 
/**
 * Which link.
 */
link: LinkRef, 
/**
 * Busy blocks to place.
 */
place: number, 
/**
 * Busy blocks whose time changes.
 */
move: number, 
/**
 * Busy blocks that change otherwise.
 */
change: number, 
/**
 * Busy blocks to remove.
 */
remove: number, 
/**
 * Occurrences that have, or get, a busy block.
 */
mirrored: number, 
/**
 * Events and occurrences left out, by reason.
 */
skipped: { [key in string]: number }, };
