// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * How a group joins its calendars.
 */
export type ShapeDto = "star" | "mesh" | "pair" | "one_way";
