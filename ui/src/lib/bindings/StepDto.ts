// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { WritesDto } from "./WritesDto";

/**
 * What a person configured between two plans that were carried out.
 */
export type StepDto = { 
/**
 * When, RFC 3339.
 */
at: string, 
/**
 * The commands, in order.
 */
commands: Array<string>, 
/**
 * True while no plan was carried out since.
 */
open: boolean, 
/**
 * True while it is taken back.
 */
undone: boolean, 
/**
 * What was written when it was carried out; nothing where `starmesh run` did it.
 */
written: WritesDto, };
