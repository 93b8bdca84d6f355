//! What a test changes about sign-in while it runs.

use serde::{Deserialize, Serialize};

/// How the authorization server behaves; the default is the most likely truth and no trouble.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSwitches {
    /// What the person does on the consent screen.
    pub consent: Consent,
    /// Only these scopes are granted, whatever is asked for; `None` grants all. Applies to the consent
    /// screen: a grant keeps its scopes.
    pub scopes_granted: Option<Vec<String>>,
    /// Life of an access token, in seconds.
    pub access_life_s: i64,
    /// Life of an authorization code, in seconds.
    pub code_life_s: i64,
    /// Life of a refresh token from its issue, in seconds; `None` lets it live.
    pub refresh_life_s: Option<i64>,
    /// How long a refresh token lives unused, in seconds; `None` lets it live.
    pub refresh_idle_s: Option<i64>,
    /// What the person does with a device code.
    pub device: DeviceApproval,
    /// Life of a device code, in seconds.
    pub device_life_s: i64,
    /// Seconds between two polls with a device code; a faster one is told to slow down.
    pub device_interval_s: i64,
    /// What the token endpoint answers in place of doing its work.
    pub token_trouble: Option<TokenTrouble>,
    /// Who signs in when the request does not say (`login_hint`); `None` takes the first user.
    pub signs_in: Option<String>,
}

impl Default for AuthSwitches {
    fn default() -> Self {
        Self {
            consent: Consent::Given,
            scopes_granted: None,
            access_life_s: 3_599,
            code_life_s: 600,
            refresh_life_s: None,
            refresh_idle_s: None,
            device: DeviceApproval::ByHand,
            device_life_s: 900,
            device_interval_s: 5,
            token_trouble: None,
            signs_in: None,
        }
    }
}

/// What the person does on the consent screen.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Agrees at once.
    Given,
    /// The redirect carries this error and description.
    Refused {
        /// `error`, for example `access_denied`.
        error: String,
        /// `error_description`.
        description: String,
    },
    /// The redirect carries another `state` than the request did: an attack that a client must notice.
    StateForged,
}

/// What the person does with a device code.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum DeviceApproval {
    /// Approves it before the first poll.
    AtOnce,
    /// Does nothing until told to (`AuthServer::decide_device`).
    ByHand,
    /// Declines it before the first poll.
    Declined,
}

/// An answer of the token endpoint in place of its work.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct TokenTrouble {
    /// HTTP status.
    pub status: u16,
    /// Body; JSON text is sent as JSON, everything else as HTML.
    pub body: String,
    /// How many answers are left; `None` goes on until it is switched off.
    #[serde(default)]
    pub times: Option<u32>,
}
