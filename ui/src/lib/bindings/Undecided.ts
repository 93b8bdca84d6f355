// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What becomes of an event that may or may not happen.
 */
export type Undecided = "tentative" | "busy" | "skip";
