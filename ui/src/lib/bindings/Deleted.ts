// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What becomes of a mirror that a person deletes.
 */
export type Deleted = "restored" | "respected";
