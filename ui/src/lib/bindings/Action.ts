// Written by `cargo xtask bindings` from the answers of starmesh-app. Do not edit.

/**
 * The one thing to do about a failure.
 */
export type Action = { "do": "retry" } | { "do": "sign_in", 
/**
 * The account's name.
 */
account: string, } | { "do": "approve" } | { "do": "allow_removals", 
/**
 * How many are held.
 */
count: number, } | { "do": "import_key" } | { "do": "give_passphrase" } | { "do": "unlock_keychain" } | { "do": "stop_process", 
/**
 * Its id, when known.
 */
pid: number | null, } | { "do": "free_disk" } | { "do": "update" } | { "do": "choose", 
/**
 * The names.
 */
candidates: Array<string>, };
