// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * When each step of a journey was done, RFC 3339, UTC. The change at the provider itself has no time that
 * could be known.
 */
export type StepsDto = { 
/**
 * The signal arrived, or the poll was due.
 */
signalled: string, 
/**
 * The calendar was taken from the queue.
 */
taken: string, 
/**
 * Its changes were read and kept.
 */
pulled: string, 
/**
 * The plan was made.
 */
planned: string, 
/**
 * The provider confirmed the write.
 */
placed: string, };
