// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { QuestionDto } from "./QuestionDto";
import type { TargetPlanDto } from "./TargetPlanDto";
import type { TroubleDto } from "./TroubleDto";
import type { WindowDto } from "./WindowDto";

/**
 * What has to be written so that every calendar holds exactly its busy blocks.
 */
export type PlanDto = { 
/**
 * Where mirrors are placed.
 */
window: WindowDto, 
/**
 * True when there is nothing to write and nothing is held, stands still or is asked.
 */
in_step: boolean, 
/**
 * The calendars, with what each needs.
 */
targets: Array<TargetPlanDto>, 
/**
 * Calendars that could not be read; their links stand still.
 */
troubles: Array<TroubleDto>, 
/**
 * What only a person can answer.
 */
questions: Array<QuestionDto>, 
/**
 * How many links are paused, so that nothing is planned for them.
 */
links_paused: number, };
