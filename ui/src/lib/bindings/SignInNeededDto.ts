// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * An account that a person has to sign in to.
 */
export type SignInNeededDto = { 
/**
 * Its name.
 */
account: string, 
/**
 * The command that does it.
 */
command: string, };
