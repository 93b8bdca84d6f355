// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { GrantDto } from "./GrantDto";
import type { Unreached } from "./Unreached";

/**
 * What became of an account that was removed.
 */
export type AccountRemoved = { 
/**
 * Its name.
 */
account: string, 
/**
 * True when it is gone; false when it stays because mirrors could not be reached.
 */
removed: boolean, 
/**
 * How many mirrors were removed from calendars.
 */
mirrors_removed: number, 
/**
 * Mirrors that still stand.
 */
unreached: Array<Unreached>, 
/**
 * Groups that lost a calendar and go on.
 */
groups_smaller: Array<string>, 
/**
 * Groups that could not go on and are gone.
 */
groups_removed: Array<string>, 
/**
 * What became of what the person had allowed at the provider; absent for a password, and while the account
 * stays.
 */
grant?: GrantDto, 
/**
 * Secrets that could not be removed from the vault, in words.
 */
vault_failure?: string, };
