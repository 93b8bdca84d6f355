// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What became of what a person had allowed at a provider.
 */
export type GrantDto = { "state": "withdrawn", 
/**
 * The provider, as people write it.
 */
provider: string, } | { "state": "stands", 
/**
 * The provider, as people write it.
 */
provider: string, 
/**
 * Why it could not be ended; absent for a provider that cannot be asked to.
 */
failure?: string, 
/**
 * Where it is done by hand.
 */
pages: Array<string>, };
