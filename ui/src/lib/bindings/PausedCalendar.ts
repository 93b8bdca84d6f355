// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * A calendar that stands still.
 */
export type PausedCalendar = { 
/**
 * Until when, RFC 3339, where that ends by itself.
 */
until?: string, 
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
