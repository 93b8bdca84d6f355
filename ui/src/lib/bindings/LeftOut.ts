// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { LeftOutReason } from "./LeftOutReason";
import type { LinkRef } from "./LinkRef";

/**
 * A link that a group would make and cannot.
 */
export type LeftOut = { 
/**
 * The link.
 */
link: LinkRef, 
/**
 * Why.
 */
reason: LeftOutReason, };
