// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What becomes of whole days.
 */
export type AllDay = "opaque" | "off" | "all";
