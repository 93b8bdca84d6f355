// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * How a thing is, from the best to the worst.
 */
export type VerdictDto = "good" | "not_checked" | "note" | "warning" | "failed";
