// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CleanedLink } from "./CleanedLink";
import type { Unreached } from "./Unreached";

/**
 * What clean did.
 */
export type CleanDto = { 
/**
 * The links.
 */
links: Array<CleanedLink>, 
/**
 * How many busy blocks were removed.
 */
removed: number, 
/**
 * Busy blocks that still stand.
 */
unreached: Array<Unreached>, };
