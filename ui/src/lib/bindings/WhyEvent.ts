// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { TimeDto } from "./TimeDto";
import type { WhyOutcome } from "./WhyOutcome";

/**
 * What became of one event.
 */
export type WhyEvent = { 
/**
 * When it happens.
 */
time: TimeDto, 
/**
 * What became of it.
 */
outcome: WhyOutcome, 
/**
 * Why: for what is skipped a reason as in a plan, for what stands still one as in the status.
 */
reason?: string, };
