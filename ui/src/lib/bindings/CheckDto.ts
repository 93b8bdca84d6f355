// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * What is looked at.
 */
export type CheckDto = "data_folder" | "disk_space" | "process" | "vault" | "secret" | "database" | "clock" | "proxy" | "dns" | "connection" | "sign_in" | "budget" | "read" | "sync_token" | "marks" | "other_installation" | "other_tool" | "links" | "standstill" | "brake";
