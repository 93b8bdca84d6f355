// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";

/**
 * One link of a clean.
 */
export type CleanedLink = { 
/**
 * Which link.
 */
link: LinkRef, 
/**
 * How many mirrors it had.
 */
mirrors: number, };
