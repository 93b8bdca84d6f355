// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * The stable name of a failure.
 */
export type ErrorCode = "unknown_name" | "ambiguous_name" | "doubled_name" | "invalid_value" | "invalid_group" | "pair_limit" | "password_missing" | "offline" | "throttled" | "invalid_answer" | "not_found" | "refused" | "data_folder_in_use" | "data_folder_unusable" | "disk_full" | "database_newer" | "database_damaged" | "database_failed" | "recovery_file_unreadable" | "file_failed" | "incomplete" | "checks_failed" | "internal" | "sign_in_refused" | "untrusted" | "wrong_passphrase" | "passphrase_missing" | "vault_unavailable" | "keys_missing" | "key_in_use" | "approval_needed" | "removals_held" | "foreign_marks" | "same_calendar";
