//! Everything about sign-in that can be met.

/// The names of all counts of an authorization server.
pub const AUTH_COUNTABLE: &[&str] = &[
    "auth.access_life",
    "auth.code_life",
    "auth.consent.refused",
    "auth.consent.state_forged",
    "auth.device.at_once",
    "auth.device.by_hand",
    "auth.device.declined",
    "auth.device_interval",
    "auth.device_life",
    "auth.refresh_idle",
    "auth.refresh_life",
    "auth.scopes_granted",
    "auth.signs_in",
    "auth.token_trouble",
];
