// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * A calendar as others speak of it.
 */
export type CalendarRef = { 
/**
 * Our name of it, only local.
 */
id: string, 
/**
 * What people call it.
 */
name: string, 
/**
 * The name of its account.
 */
account: string, 
/**
 * `account/last segment of its path`.
 */
path: string, };
