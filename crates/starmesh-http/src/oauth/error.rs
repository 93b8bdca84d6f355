//! Why a sign-in, or a grant, came to nothing.

use std::time::Duration;

use url::Url;

use super::client::OAuthClient;
use crate::error::HttpError;

/// A failed sign-in. Each says in words what happened; the program around it says what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignInError {
    /// Nobody finished the sign-in in time.
    #[error("nobody finished the sign-in within {} minutes", .0.as_secs() / 60)]
    TimedOut(Duration),
    /// The browser brought an answer that was not asked for by this sign-in: another one was under way,
    /// or somebody tried to slip in a code of their own (RFC 6749, section 10.12).
    #[error("the browser came back with the answer of another sign-in")]
    OtherFlow,
    /// The browser came back with neither a code nor a refusal.
    #[error("the browser came back without an answer")]
    NoAnswer,
    /// The person, or the provider for them, said no.
    #[error("the sign-in was declined")]
    Declined,
    /// The organisation lets only its administrator allow programs like this one.
    #[error("the organisation's administrator has to allow this program first")]
    AdminConsent {
        /// The page on which the administrator does it.
        link: Option<Url>,
    },
    /// A rule of the organisation stands in the way, or the account was disabled.
    #[error("the organisation does not allow it ({code})")]
    Blocked {
        /// The provider's code.
        code: String,
    },
    /// Fewer rights were granted than the program needs.
    #[error("not everything was allowed that is needed: {} is missing", .missing.join(", "))]
    ReducedScopes {
        /// The scopes that are missing.
        missing: Vec<String>,
    },
    /// The grant has ended: withdrawn, out of date, or its code was used before.
    #[error("the sign-in is no longer valid ({code})")]
    Ended {
        /// The provider's code.
        code: String,
    },
    /// The provider refuses this client: its id, secret or redirect address.
    #[error("the provider refuses this program's client id ({code})")]
    Client {
        /// The provider's code.
        code: String,
    },
    /// The provider granted no refresh token, so that the sign-in would end within the hour.
    #[error("the provider gave no lasting sign-in (no refresh token)")]
    NotLasting,
    /// The redirect address is taken by another program.
    #[error("port {port} on this machine is taken by another program")]
    PortTaken {
        /// Which port.
        port: u16,
    },
    /// No address of this machine can be listened at.
    #[error("this machine gives no address to come back to: {reason}")]
    NoListener {
        /// The system's reason.
        reason: String,
    },
    /// The provider has trouble of its own.
    #[error("{host} has trouble of its own")]
    Trouble {
        /// Which host.
        host: String,
    },
    /// The provider answered something that is no answer.
    #[error("{host} answered something that is not understood")]
    NotUnderstood {
        /// Which host.
        host: String,
    },
    /// The provider offers no sign-in without a browser.
    #[error("the provider has no sign-in without a browser")]
    NoDeviceFlow,
    /// The new refresh token cannot be kept, so that it is not used.
    #[error("the sign-in cannot be kept: {reason}")]
    NotKept {
        /// Why.
        reason: String,
    },
    /// No answer at all.
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl SignInError {
    /// True when the same may succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Trouble { .. } | Self::NotKept { .. } => true,
            Self::Http(error) => {
                matches!(error, HttpError::Unreachable { .. } | HttpError::Throttled { .. })
            }
            _ => false,
        }
    }

    /// What an error answer means (RFC 6749, sections 4.1.2.1 and 5.2; RFC 8628, section 3.5).
    ///
    /// Branches on `error`. Of `description` only Microsoft's number is looked at, which tells apart
    /// what one `error` covers; it is text for people otherwise, and may name them.
    pub(crate) fn of_answer(client: &OAuthClient, host: &str, error: &str, description: &str) -> Self {
        /// A user or administrator has not allowed the client (65001, 90094, 90095, 900941).
        const CONSENT: [u32; 4] = [65_001, 90_094, 90_095, 900_941];
        /// Blocked by a policy of the organisation, or disabled.
        const BLOCKED: [u32; 10] =
            [50_020, 50_034, 50_057, 50_105, 50_131, 53_000, 53_001, 53_003, 530_035, 700_011];
        /// Trouble that passes: of the service, of its second factor, or of too many requests of ours.
        const PASSING: [u32; 5] = [50_033, 50_087, 50_088, 50_196, 70_012];
        let number = microsoft_number(description);
        let is_in = |numbers: &[u32]| number.is_some_and(|number| numbers.contains(&number));
        let code = match number {
            Some(number) => format!("{}, AADSTS{number}", machine(error)),
            None => machine(error),
        };
        match error {
            _ if is_in(&CONSENT) => Self::AdminConsent { link: client.admin_consent() },
            _ if is_in(&BLOCKED) => Self::Blocked { code },
            _ if is_in(&PASSING) => Self::Trouble { host: host.to_owned() },
            "temporarily_unavailable" | "server_error" => Self::Trouble { host: host.to_owned() },
            "consent_required" => Self::AdminConsent { link: client.admin_consent() },
            "access_denied" | "authorization_declined" => Self::Declined,
            "invalid_grant"
            | "interaction_required"
            | "login_required"
            | "expired_token"
            | "bad_verification_code" => Self::Ended { code },
            "admin_policy_enforced" | "org_internal" => Self::Blocked { code },
            _ => Self::Client { code },
        }
    }
}

/// The number in `AADSTS65001: …`.
fn microsoft_number(description: &str) -> Option<u32> {
    let digits = description.trim_start().strip_prefix("AADSTS")?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// A machine code as it may be shown: whatever else a server puts there stays out of messages.
fn machine(code: &str) -> String {
    /// Longer than every code of the RFCs.
    const LEN_MAX: usize = 40;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !code.is_empty() && code.len() <= LEN_MAX && code.chars().all(plain) {
        code.to_owned()
    } else {
        "an unknown code".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::client::tests::client;
    use super::*;

    #[test]
    fn every_answer_has_one_meaning() {
        let of = |error: &str, description: &str| {
            SignInError::of_answer(&client(), "login.example", error, description)
        };
        let link = client().admin_consent();
        let ended = |code: &str| SignInError::Ended { code: code.to_owned() };
        let blocked = |code: &str| SignInError::Blocked { code: code.to_owned() };
        let refused = |code: &str| SignInError::Client { code: code.to_owned() };
        let trouble = SignInError::Trouble { host: "login.example".to_owned() };
        for (error, description, meaning) in [
            ("invalid_grant", "Token has been expired or revoked.", ended("invalid_grant")),
            ("invalid_grant", "AADSTS700082: The refresh token", ended("invalid_grant, AADSTS700082")),
            ("invalid_grant", "AADSTS54005: redeemed", ended("invalid_grant, AADSTS54005")),
            ("interaction_required", "AADSTS50076: MFA", ended("interaction_required, AADSTS50076")),
            ("interaction_required", "AADSTS53003: policy", blocked("interaction_required, AADSTS53003")),
            ("invalid_grant", "AADSTS65001: no consent", SignInError::AdminConsent { link: link.clone() }),
            ("access_denied", "AADSTS90094: admin", SignInError::AdminConsent { link: link.clone() }),
            ("consent_required", "", SignInError::AdminConsent { link }),
            ("access_denied", "AADSTS65004: declined", SignInError::Declined),
            ("authorization_declined", "", SignInError::Declined),
            ("unauthorized_client", "AADSTS700011: tenant", blocked("unauthorized_client, AADSTS700011")),
            ("invalid_client", "AADSTS700025: secret", refused("invalid_client, AADSTS700025")),
            ("invalid_request", "client_secret is missing.", refused("invalid_request")),
            ("temporarily_unavailable", "", trouble.clone()),
            ("server_error", "AADSTS50033: retry", trouble.clone()),
            ("invalid_grant", "AADSTS50196: a loop", trouble.clone()),
            ("interaction_required", "AADSTS50088: the telephone network", trouble),
        ] {
            assert_eq!(of(error, description), meaning, "{error} {description}");
        }
    }

    #[test]
    fn text_of_the_provider_never_reaches_a_message() {
        let error =
            SignInError::of_answer(&client(), "login.example", "ann@corp.example", "AADSTS1x ann@corp");
        assert_eq!(
            error.to_string(),
            "the provider refuses this program's client id (an unknown code, AADSTS1)"
        );
    }
}
