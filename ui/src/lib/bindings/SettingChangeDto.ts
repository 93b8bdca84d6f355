// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * A setting that gets another value.
 */
export type SettingChangeDto = { 
/**
 * Its name.
 */
key: string, 
/**
 * Its value now; none when it is not set.
 */
from: string | null, 
/**
 * The value it gets.
 */
to: string | null, };
