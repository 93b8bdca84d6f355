// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { ConfigurationDto } from "./ConfigurationDto";
import type { PlanDto } from "./PlanDto";
import type { SignInNeededDto } from "./SignInNeededDto";
import type { StepDto } from "./StepDto";
import type { TroubleDto } from "./TroubleDto";
import type { WrittenDto } from "./WrittenDto";

/**
 * What an undo does, or would do.
 */
export type UndoDto = { 
/**
 * True once it is done.
 */
done: boolean, 
/**
 * True when something that was taken back is made again.
 */
redo: boolean, 
/**
 * The step in question; none when there is nothing to take back, or nothing to make again.
 */
step: StepDto | null, 
/**
 * What becomes of what is configured.
 */
changes: ConfigurationDto, 
/**
 * What does not come back as it was, in words.
 */
stays: Array<string>, 
/**
 * Accounts that come back with nothing to sign in with.
 */
sign_in: Array<SignInNeededDto>, 
/**
 * What is written to calendars.
 */
plan: PlanDto | null, 
/**
 * What was written.
 */
written?: WrittenDto, 
/**
 * Calendars that could not be written.
 */
troubles?: Array<TroubleDto>, 
/**
 * The process of `starmesh run` that carries it out instead.
 */
left_to?: number, };
