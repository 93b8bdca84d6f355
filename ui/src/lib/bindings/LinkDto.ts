// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { LinkStateDto } from "./LinkStateDto";
import type { PolicyDto } from "./PolicyDto";

/**
 * A link.
 */
export type LinkDto = { 
/**
 * Whether it runs.
 */
state: LinkStateDto, 
/**
 * When it runs again by itself, RFC 3339, where it is paused until then.
 */
paused_until?: string, 
/**
 * True when it is paused by itself, and not only with a calendar or with everything.
 */
paused_itself?: boolean, 
/**
 * What it mirrors.
 */
policy: PolicyDto, 
/**
 * How many mirrors it has.
 */
mirrors: number, 
/**
 * The groups that make it.
 */
groups: Array<string>, 
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
