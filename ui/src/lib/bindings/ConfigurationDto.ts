// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { GroupDto } from "./GroupDto";
import type { LinkRef } from "./LinkRef";
import type { RulesDto } from "./RulesDto";
import type { SettingChangeDto } from "./SettingChangeDto";

/**
 * What becomes of what is configured.
 */
export type ConfigurationDto = { 
/**
 * Settings that get another value.
 */
settings: Array<SettingChangeDto>, 
/**
 * Whether everything stands still from then on, where that changes.
 */
everything_paused?: boolean, 
/**
 * Accounts that come back.
 */
accounts_back: Array<string>, 
/**
 * Groups that come back, as they will be.
 */
groups_back: Array<GroupDto>, 
/**
 * Groups with other calendars, as they will be.
 */
groups_changed: Array<GroupDto>, 
/**
 * Groups that go.
 */
groups_gone: Array<string>, 
/**
 * Links that come back.
 */
links_back: Array<LinkRef>, 
/**
 * Links that go, with their busy blocks.
 */
links_gone: Array<LinkRef>, 
/**
 * Links whose busy blocks go, and that are paused then.
 */
links_cleaned: Array<LinkRef>, 
/**
 * Links that are paused.
 */
links_paused: Array<LinkRef>, 
/**
 * Links that run again.
 */
links_resumed: Array<LinkRef>, 
/**
 * Links with other rules.
 */
rules: Array<RulesDto>, 
/**
 * Calendars that are paused.
 */
calendars_paused: Array<CalendarRef>, 
/**
 * Calendars that take part again.
 */
calendars_resumed: Array<CalendarRef>, };
