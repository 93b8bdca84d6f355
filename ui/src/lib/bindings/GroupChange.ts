// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { GroupDto } from "./GroupDto";
import type { LinkRef } from "./LinkRef";

/**
 * What a change of groups or links brought.
 */
export type GroupChange = { 
/**
 * The group that was added or changed, as it is now.
 */
group?: GroupDto, 
/**
 * Groups that are gone.
 */
removed: Array<string>, 
/**
 * Links that are new, or live again.
 */
links_added: Array<LinkRef>, 
/**
 * Links that no group makes any more.
 */
links_removed: Array<LinkRef>, 
/**
 * Links of the group that stay paused.
 */
links_paused: Array<LinkRef>, 
/**
 * How many mirrors the next pass removes.
 */
mirrors_to_remove: number, };
