// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { SettingChangeDto } from "./SettingChangeDto";
import type { SignInNeededDto } from "./SignInNeededDto";

/**
 * What an import changes, or would change.
 */
export type ImportDto = { 
/**
 * True once it is done.
 */
imported: boolean, 
/**
 * Settings that get another value.
 */
settings: Array<SettingChangeDto>, 
/**
 * Accounts that are new, by name.
 */
accounts_added: Array<string>, 
/**
 * Calendars that are new, as the file calls them.
 */
calendars_added: Array<string>, 
/**
 * Groups that are new, by the names they get here.
 */
groups_added: Array<string>, 
/**
 * Links that are new, or live again.
 */
links_added: Array<string>, 
/**
 * Links that are paused.
 */
links_paused: Array<string>, 
/**
 * Links that run again.
 */
links_resumed: Array<string>, 
/**
 * Links that mirror something else than the file says, and go on so.
 */
policies_kept: Array<string>, 
/**
 * Accounts of the file that have nothing to sign in with on this computer.
 */
sign_in: Array<SignInNeededDto>, };
