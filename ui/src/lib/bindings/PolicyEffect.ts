// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { PolicyDto } from "./PolicyDto";

/**
 * What another policy does to the busy blocks of a link.
 */
export type PolicyEffect = { 
/**
 * Its policy from now on.
 */
policy: PolicyDto, 
/**
 * How many busy blocks are placed.
 */
place: number, 
/**
 * How many change.
 */
change: number, 
/**
 * How many go.
 */
remove: number, 
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
