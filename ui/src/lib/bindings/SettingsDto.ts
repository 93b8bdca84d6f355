// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { SettingDto } from "./SettingDto";

/**
 * Everything that can be set.
 */
export type SettingsDto = { 
/**
 * The settings, in a fixed order.
 */
settings: Array<SettingDto>, };
