// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";
import type { WhyEvent } from "./WhyEvent";

/**
 * What one link makes of it.
 */
export type WhyLink = { 
/**
 * Which link.
 */
link: LinkRef, 
/**
 * Set where nothing can be said: `not_read`, `question_open`, `paused`.
 */
unknown?: string, 
/**
 * The events of its source at that time, and what became of each; none when there is none.
 */
events: Array<WhyEvent>, };
