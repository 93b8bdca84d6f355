// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * Counts of writes.
 */
export type WrittenDto = { 
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
removed: number, 
/**
 * Busy blocks found and taken over, without a write.
 */
adopted: number, 
/**
 * Writes left for a later pass.
 */
deferred: number, 
/**
 * Writes that stand still until a person or the source changes something.
 */
wedged: number, };
