// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { CanaryDto } from "./CanaryDto";
import type { FailureDto } from "./FailureDto";

/**
 * How a calendar stands.
 */
export type CalendarStatusDto = { 
/**
 * Which calendar.
 */
calendar: CalendarRef, 
/**
 * When it was last read, RFC 3339; none when never.
 */
read_at: string | null, 
/**
 * Seconds since then.
 */
read_age_s: number | null, 
/**
 * When it is asked for again, RFC 3339, where whoever publishes it wants it left alone until then.
 */
due_at?: string, 
/**
 * When it was last read wholly, RFC 3339.
 */
verified_at: string | null, 
/**
 * Seconds since then.
 */
verified_age_s: number | null, 
/**
 * How many busy blocks whole reads found missing, changed or doubled over the last seven days, though the
 * calendar had told of no change.
 */
repairs: number, 
/**
 * What came back of the block that was placed there first, on trial.
 */
canary?: CanaryDto, 
/**
 * How many items it holds, busy blocks included.
 */
items: number, 
/**
 * How many busy blocks of ours it holds.
 */
mirrors: number, 
/**
 * How many operations or items stand still in it.
 */
wedged: number, 
/**
 * How many removals in it wait for a person.
 */
held: number, 
/**
 * How many busy blocks of another installation wait for an answer.
 */
foreign_marks: number, 
/**
 * True when it can only be a source.
 */
read_only: boolean, 
/**
 * True when its account no longer lists it.
 */
missing: boolean, 
/**
 * Why it cannot be read.
 */
failure?: FailureDto, };
