// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { PolicyDto } from "./PolicyDto";

/**
 * The rules of a link.
 */
export type RulesDto = { 
/**
 * Its policy from then on.
 */
policy: PolicyDto, 
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
