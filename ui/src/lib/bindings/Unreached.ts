// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LinkRef } from "./LinkRef";

/**
 * Mirrors of one link that could not be removed.
 */
export type Unreached = { 
/**
 * The link.
 */
link: LinkRef, 
/**
 * How many of its mirrors still stand.
 */
mirrors: number, 
/**
 * Why.
 */
reason: string, };
