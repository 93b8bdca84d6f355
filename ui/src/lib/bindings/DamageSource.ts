// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * Where what was configured came from.
 */
export type DamageSource = "copy" | "rows";
