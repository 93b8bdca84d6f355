// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { DamageSource } from "./DamageSource";

/**
 * A database that was damaged, and was rebuilt.
 */
export type DamageDto = { 
/**
 * When that was found out, RFC 3339.
 */
at: string, 
/**
 * What was wrong.
 */
what: string, 
/**
 * Where the damaged file lies; none when there was no file any more.
 */
moved_to?: string, 
/**
 * Where what was configured came from.
 */
restored_from: DamageSource, };
