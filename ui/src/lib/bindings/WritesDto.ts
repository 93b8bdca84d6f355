// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * How much was written.
 */
export type WritesDto = { 
/**
 * Busy blocks placed.
 */
placed: number, 
/**
 * Busy blocks changed in place.
 */
updated: number, 
/**
 * Busy blocks removed.
 */
removed: number, };
