// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { PlanDto } from "./PlanDto";
import type { TroubleDto } from "./TroubleDto";
import type { WrittenDto } from "./WrittenDto";

/**
 * What apply or sync did.
 */
export type ReportDto = { 
/**
 * How many passes it took; a pass reads everything and writes the difference.
 */
passes: number, 
/**
 * What was written.
 */
written: WrittenDto, 
/**
 * True when nothing is left to do.
 */
in_step: boolean, 
/**
 * Calendars that could not be read or written.
 */
troubles: Array<TroubleDto>, 
/**
 * The plan that is left; after `apply`, the one that was carried out.
 */
plan: PlanDto, };
