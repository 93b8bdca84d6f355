// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * Whether a link runs.
 */
export type LinkStateDto = "active" | "paused" | "retiring";
