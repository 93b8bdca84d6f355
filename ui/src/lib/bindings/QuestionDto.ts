// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";

/**
 * What only a person can answer.
 */
export type QuestionDto = { "question": "foreign_marks", 
/**
 * Which calendar.
 */
calendar: CalendarRef, 
/**
 * How many.
 */
count: number, } | { "question": "same_calendar", 
/**
 * One name.
 */
calendar: CalendarRef, 
/**
 * The other.
 */
other: CalendarRef, };
