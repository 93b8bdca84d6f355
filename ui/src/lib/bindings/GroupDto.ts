// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

import type { CalendarRef } from "./CalendarRef";
import type { LeftOut } from "./LeftOut";
import type { ShapeDto } from "./ShapeDto";

/**
 * A group.
 */
export type GroupDto = { 
/**
 * Its name.
 */
name: string, 
/**
 * How it joins its calendars.
 */
shape: ShapeDto, 
/**
 * Its calendars; a star's hub and a one-way pair's source first.
 */
calendars: Array<CalendarRef>, 
/**
 * How many pairs it makes.
 */
pairs: number, 
/**
 * How many links it makes.
 */
links: number, 
/**
 * Links it would make and cannot.
 */
left_out: Array<LeftOut>, };
