// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * Why a calendar cannot be read.
 */
export type FailureDto = { 
/**
 * Since when, RFC 3339.
 */
since: string, 
/**
 * How often it was tried.
 */
attempts: number, 
/**
 * What happened.
 */
message: string, 
/**
 * True when only a person can help.
 */
needs_person: boolean, };
