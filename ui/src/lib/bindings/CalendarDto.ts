// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * A calendar.
 */
export type CalendarDto = { 
/**
 * The name its provider has for it; may be empty.
 */
display_name: string, 
/**
 * The last segment of its path.
 */
short_name: string, 
/**
 * Its lasting address.
 */
url: string, 
/**
 * `#RRGGBB`.
 */
color?: string, 
/**
 * The IANA zone in which its floating times are read, fixed when it was added.
 */
zone: string, 
/**
 * True when it can only be a source.
 */
read_only: boolean, 
/**
 * True when its account no longer lists it.
 */
missing: boolean, 
/**
 * The groups it is in.
 */
groups: Array<string>, 
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
