// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * Some days.
 */
export type DaysDto = { 
/**
 * First day.
 */
from: string, 
/**
 * First day after it.
 */
to: string, };
