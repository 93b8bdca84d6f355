// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { AllDay } from "./AllDay";
import type { ChoiceDto } from "./ChoiceDto";
import type { Color } from "./Color";
import type { Deleted } from "./Deleted";
import type { Undecided } from "./Undecided";

/**
 * The policy of a link.
 */
export type PolicyDto = { 
/**
 * False when nothing is mirrored.
 */
on: boolean, 
/**
 * What busy blocks are called; `None` when as the setting says.
 */
label: string | null, 
/**
 * The colour of busy blocks; `None` for whatever their calendar gives them.
 */
color: Color | null, 
/**
 * What becomes of tentative events.
 */
tentative: Undecided, 
/**
 * What becomes of invitations without an answer.
 */
unanswered: Undecided, 
/**
 * What becomes of whole days.
 */
all_day: AllDay, 
/**
 * The working hours outside which nothing is mirrored.
 */
hours: string | null, 
/**
 * What is shorter is not mirrored.
 */
min_minutes: number, 
/**
 * Which subjects count.
 */
keywords: ChoiceDto, 
/**
 * Which categories count.
 */
categories: ChoiceDto, 
/**
 * What becomes of busy blocks that a person deletes.
 */
deleted: Deleted, };
