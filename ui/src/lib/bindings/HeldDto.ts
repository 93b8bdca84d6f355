// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";

/**
 * Removals that wait for a person.
 */
export type HeldDto = { 
/**
 * Which link.
 */
link: LinkRef, 
/**
 * How many.
 */
removals: number, 
/**
 * How many it may make unasked within 24 hours.
 */
limit: number, 
/**
 * How many it made within the last 24 hours.
 */
removed_lately: number, };
