// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { FindingDto } from "./FindingDto";
import type { VerdictDto } from "./VerdictDto";

/**
 * What the doctor found.
 */
export type DoctorDto = { 
/**
 * The version of the program that looked.
 */
version: string, 
/**
 * When it looked, RFC 3339.
 */
at: string, 
/**
 * The worst of what was found.
 */
verdict: VerdictDto, 
/**
 * Everything that was looked at, in the order in which one thing rests on another.
 */
findings: Array<FindingDto>, };
