// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What an import of a key did.
 */
export type KeyImported = { 
/**
 * False when the data folder had this very key already.
 */
changed: boolean, 
/**
 * How many calendars are read anew by the next pass.
 */
calendars_to_read: number, };
