// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * The time of a busy block: two instants (RFC 3339, UTC) or two dates, the end exclusive.
 */
export type TimeDto = { 
/**
 * First instant or day.
 */
start: string, 
/**
 * First instant or day after it.
 */
end: string, 
/**
 * True for whole days.
 */
all_day: boolean, };
