// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";

/**
 * How long changes took on a link, from the signal until the provider had confirmed the busy block.
 */
export type LatencyDto = { 
/**
 * Which link.
 */
link: LinkRef, 
/**
 * Of how many writes.
 */
writes: number, 
/**
 * The median, in milliseconds.
 */
p50_ms: number, 
/**
 * What 95 of a hundred did not exceed, in milliseconds.
 */
p95_ms: number, };
