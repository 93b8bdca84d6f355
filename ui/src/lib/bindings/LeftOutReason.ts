// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * Why a link is left out.
 */
export type LeftOutReason = "read_only_target";
