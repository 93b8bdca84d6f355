// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * The window in which mirrors are placed: from midnight UTC of `from` to midnight UTC of `to`.
 */
export type WindowDto = { 
/**
 * First day.
 */
from: string, 
/**
 * First day after it.
 */
to: string, 
/**
 * Days ahead.
 */
days: number, 
/**
 * True when it is narrower than when a plan was last approved: this plan removes what lies beyond.
 */
narrower: boolean, };
