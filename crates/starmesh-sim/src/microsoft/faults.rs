//! What goes wrong on purpose, as data.
//!
//! `POST /__faults` takes one rule or a list of them, `GET /__faults` shows those that are left,
//! `DELETE /__faults` forgets them.

use http::{HeaderName, StatusCode};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use super::world::World;

/// When a fault strikes.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Only requests with this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests whose path and query, as sent, contain this.
    #[serde(default)]
    pub path: Option<String>,
    /// So many fitting requests are let through first.
    #[serde(default)]
    pub skip: u32,
    /// So many fitting requests are hit after them.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to them.
    pub fault: Fault,
}

fn once() -> u32 {
    1
}

/// What goes wrong with a request.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An error in the service's own form, without anything done.
    Error {
        /// HTTP status.
        status: u16,
        /// Code of the error.
        code: String,
        /// Message of the error; may be empty, as it is with `UnknownError`.
        #[serde(default)]
        message: String,
        /// `Retry-After`, as it is to be written.
        #[serde(default)]
        retry_after: Option<String>,
    },
    /// A page of HTML from something in front of the service, without anything done.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// A status and no body, without anything done.
    Empty {
        /// HTTP status.
        status: u16,
    },
    /// The connection is cut, and nothing done.
    Cut,
    /// The request is carried out, and the connection cut before its answer.
    LostAnswer,
    /// The request is carried out and answered with an empty 504.
    LateAnswer,
    /// The answer ends in the middle of its body.
    TruncatedBody,
    /// A page comes without the link to what follows it.
    MissingLinks,
    /// A page comes without the second half of its rows, its links as ever.
    MissingRows,
    /// A write meets 412, though nobody changed anything.
    Conflict,
    /// The token has expired in the middle of things.
    Unauthorized,
    /// 401 with a claims challenge, as continuous access evaluation sends it.
    ClaimsChallenge,
}

/// The faults to come.
#[derive(Clone, Default, Serialize, Debug)]
pub struct FaultPlan {
    rules: Vec<FaultRule>,
}

impl Fault {
    /// Its name among the counts of what was met.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Error { .. } => "fault.error",
            Self::Html { .. } => "fault.html",
            Self::Empty { .. } => "fault.empty",
            Self::Cut => "fault.cut",
            Self::LostAnswer => "fault.lost_answer",
            Self::LateAnswer => "fault.late_answer",
            Self::TruncatedBody => "fault.truncated_body",
            Self::MissingLinks => "fault.missing_links",
            Self::MissingRows => "fault.missing_rows",
            Self::Conflict => "fault.conflict",
            Self::Unauthorized => "fault.unauthorized",
            Self::ClaimsChallenge => "fault.claims_challenge",
        }
    }

    /// The refusal that it is, for those that answer in the service's own form.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Error { status, code, message, retry_after } => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Some(Refusal::new(status, code, message).retry_after(retry_after.clone()))
            }
            Self::Conflict => Some(Refusal::new(
                StatusCode::PRECONDITION_FAILED,
                "ErrorIrresolvableConflict",
                "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.",
            )),
            Self::Unauthorized => Some(expired()),
            Self::ClaimsChallenge => Some(challenge()),
            _ => None,
        }
    }
}

/// 401 for a token that is not, or no longer, good.
pub(crate) fn expired() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "InvalidAuthenticationToken",
        "Lifetime validation failed, the token is expired.",
    )
    .with_header(HeaderName::from_static("www-authenticate"), "Bearer realm=\"\", error=\"invalid_token\"")
}

/// 401 that asks for a token with more claims
/// (<https://learn.microsoft.com/en-us/entra/identity-platform/claims-challenge>).
fn challenge() -> Refusal {
    let claims = br#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
    let claims = data_encoding::BASE64.encode(claims);
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "InvalidAuthenticationToken",
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
    )
    .with_header(
        HeaderName::from_static("www-authenticate"),
        format!("Bearer realm=\"\", error=\"insufficient_claims\", claims=\"{claims}\""),
    )
}

impl FaultPlan {
    /// Adds a rule; rules are looked at in the order in which they came.
    pub fn add(&mut self, rule: FaultRule) {
        self.rules.push(rule);
    }

    /// Forgets all rules.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    fn draw(&mut self, method: &str, target: &str) -> Option<Fault> {
        let fits = |rule: &FaultRule| {
            rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && rule.path.as_deref().is_none_or(|part| target.contains(part))
        };
        let mut drawn = None;
        for rule in self.rules.iter_mut().filter(|rule| fits(rule)) {
            if rule.skip > 0 {
                rule.skip -= 1;
            } else if drawn.is_none() && rule.times > 0 {
                rule.times -= 1;
                drawn = Some(rule.fault.clone());
            }
        }
        self.rules.retain(|rule| rule.times > 0);
        drawn
    }
}

impl World {
    /// The faults to come.
    pub fn faults(&mut self) -> &mut FaultPlan {
        &mut self.faults
    }

    /// What goes wrong with a request, by plan or by chance.
    pub(crate) fn fault(&mut self, method: &str, target: &str) -> Option<Fault> {
        let chance = self.switches.chaos_per_mille;
        let by_chance = self.dice.chance(chance).then(|| self.dice.pick(&chaos())).flatten();
        let planned = self.faults.draw(method, target);
        if planned.is_none() && by_chance.is_some() {
            self.meet("chaos");
        }
        planned.or(by_chance)
    }
}

/// What chance may bring: nothing that a client cannot get over by trying again.
fn chaos() -> Vec<Fault> {
    let error = |status, code: &str, retry_after: Option<&str>| Fault::Error {
        status,
        code: code.into(),
        message: String::new(),
        retry_after: retry_after.map(ToOwned::to_owned),
    };
    vec![
        error(429, "TooManyRequests", Some("1")),
        error(500, "ErrorInternalServerTransientError", None),
        error(503, "serviceNotAvailable", Some("1")),
        error(504, "UnknownError", None),
        Fault::Html { status: 502 },
        Fault::Empty { status: 503 },
        Fault::Cut,
        Fault::LostAnswer,
        Fault::LateAnswer,
        Fault::TruncatedBody,
        Fault::Conflict,
        Fault::Unauthorized,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_the_requests_it_means_and_as_often_as_it_says() {
        let mut plan = FaultPlan::default();
        let rule =
            serde_json::json!({"method": "get", "path": "/delta", "skip": 1, "times": 2, "fault": "cut"});
        plan.add(serde_json::from_value(rule).unwrap());
        let mut struck = |method, target| plan.draw(method, target).is_some();
        assert!(!struck("POST", "/v1.0/me/calendarView/delta"));
        assert!(!struck("GET", "/v1.0/me/calendarView"));
        let hits: Vec<_> = (0..4).map(|_| struck("GET", "/v1.0/me/calendarView/delta?x")).collect();
        assert_eq!(hits, [false, true, true, false]);
    }
}
