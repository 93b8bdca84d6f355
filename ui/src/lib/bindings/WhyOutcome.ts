// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What became of an event.
 */
export type WhyOutcome = "stands" | "waits" | "will_be_placed" | "will_change" | "will_go" | "held" | "stands_still" | "skipped";
