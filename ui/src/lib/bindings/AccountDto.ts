// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * An account.
 */
export type AccountDto = { 
/**
 * What the person calls it.
 */
name: string, 
/**
 * `caldav`, `google`, `microsoft` or `ics`.
 */
provider: string, 
/**
 * The address a person gave, or that of the provider's API; of a feed, whose address is a secret, only how
 * it begins.
 */
url: string, 
/**
 * Who signs in, or whose mailbox is meant, where that is known.
 */
user: string, 
/**
 * How many calendars it has.
 */
calendars: number, 
/**
 * True when only a new password or sign-in helps.
 */
needs_person: boolean, 
/**
 * Why its calendars cannot be read at the moment.
 */
failure?: string, };
