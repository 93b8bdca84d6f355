// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";

/**
 * A link as others speak of it.
 */
export type LinkRef = { 
/**
 * `source → target`.
 */
name: string, 
/**
 * Where events are read.
 */
source: CalendarRef, 
/**
 * Where busy blocks are placed.
 */
target: CalendarRef, };
