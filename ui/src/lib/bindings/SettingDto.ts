// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * One setting.
 */
export type SettingDto = { 
/**
 * Its name.
 */
key: string, 
/**
 * Its value; none when it is not set.
 */
value: string | null, 
/**
 * Its value unless set otherwise.
 */
default: string | null, 
/**
 * What it means, and which values it takes.
 */
meaning: string, };
