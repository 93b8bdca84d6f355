// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { ActionDto } from "./ActionDto";
import type { LinkRef } from "./LinkRef";
import type { StepsDto } from "./StepsDto";
import type { TimeDto } from "./TimeDto";

/**
 * The journey of one event to one target.
 */
export type JourneyDto = { 
/**
 * When it ended, RFC 3339, UTC.
 */
at: string, 
/**
 * On which link.
 */
link: LinkRef, 
/**
 * What was done.
 */
action: ActionDto, 
/**
 * The time of the busy block.
 */
time?: TimeDto, 
/**
 * When each step was done.
 */
steps: StepsDto, };
