// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { DaysDto } from "./DaysDto";

/**
 * One of them.
 */
export type SweptCalendarDto = { 
/**
 * Which.
 */
calendar: CalendarRef, 
/**
 * Which days were looked through, the end exclusive; absent when it was the whole calendar.
 */
days?: DaysDto, 
/**
 * How many blocks of each kind go: `of_link`, `unknown_link`, `canary`, `foreign`.
 */
found: { [key in string]: number }, 
/**
 * How many are left alone, for each reason: `copied`, `has_attendees`, `foreign`, `altered`, `mark_stripped`.
 */
left: { [key in string]: number }, 
/**
 * How many of those found still stand after the removal.
 */
standing: number, };
