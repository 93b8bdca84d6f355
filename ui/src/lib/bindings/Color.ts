// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * A colour by its CSS name, as iCalendar writes it (RFC 7986, 5.9). Few, so that each has a counterpart in every
 * calendar program.
 */
export type Color = "red" | "orange" | "yellow" | "green" | "teal" | "blue" | "purple" | "pink" | "gray";
