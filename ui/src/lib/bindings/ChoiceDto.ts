// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * Which words count.
 */
export type ChoiceDto = { 
/**
 * One of these has to be there, where there are some.
 */
only: Array<string>, 
/**
 * None of these may be there.
 */
never: Array<string>, };
