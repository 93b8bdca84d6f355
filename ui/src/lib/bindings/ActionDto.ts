// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What was done to a busy block.
 */
export type ActionDto = "placed" | "updated" | "removed";
