//! What a refused sign-in means: the errors of the token and authorize endpoints.
//!
//! The `error` decides; the numbers inside (`AADSTS…`) choose the words and tell an administrator's matter
//! from the person's own. The text of the service is never shown.

use serde::Deserialize;
use starmesh_provider::{ErrorKind, ProviderError};
use url::Url;

/// A refused sign-in.
#[derive(Clone, Debug)]
pub struct SignInRefusal {
    /// What can be done about it, and a sentence for people.
    pub error: ProviderError,
    /// True when an administrator of the organisation has to allow the app first.
    pub needs_admin: bool,
    /// The claims that the next sign-in has to bring, where the service named them.
    pub claims: Option<String>,
}

impl SignInRefusal {
    /// Where an administrator can allow the app: `authority` is the root of the sign-in service
    /// (`https://login.microsoftonline.com`), `tenant` the organisation or `organizations`.
    ///
    /// `None` when an administrator is not what is missing.
    pub fn admin_consent(&self, authority: &Url, tenant: &str, client_id: &str) -> Option<Url> {
        let mut url = authority.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend([tenant, "adminconsent"]);
        url.query_pairs_mut().clear().append_pair("client_id", client_id);
        self.needs_admin.then_some(url)
    }
}

/// What the `body` of a refusal means; `status` is that of its answer.
pub fn sign_in_refusal(status: u16, body: &[u8]) -> SignInRefusal {
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let numbers = body.numbers();
    let has = |wanted: &[u32]| numbers.iter().any(|number| wanted.contains(number));
    let error = body.error.as_deref().unwrap_or_default();
    let (kind, words) = verdict(status, error, &has);
    let code = numbers.first().map_or_else(String::new, |number| format!(" (AADSTS{number})"));
    SignInRefusal {
        error: ProviderError::new(kind, format!("Microsoft {words}{code}")),
        needs_admin: has(&ADMIN),
        claims: body.claims.filter(|claims| !claims.is_empty()),
    }
}

/// Nobody but an administrator can allow the app.
const ADMIN: [u32; 3] = [65001, 90094, 90095];

/// The device or the network is not one that the organisation lets in.
const POLICY: [u32; 5] = [53000, 53001, 53003, 530_035, 50131];

/// The grant ran out because it was not used.
const UNUSED: [u32; 2] = [70008, 700_082];

/// The grant was revoked, or the password changed.
const REVOKED: [u32; 3] = [50173, 50132, 50133];

/// A second proof is wanted, or has to be set up.
const SECOND_PROOF: [u32; 6] = [50076, 50079, 50078, 50074, 50072, 50158];

/// The account is not one of this organisation, or not one that may use the app.
const STRANGER: [u32; 4] = [50105, 700_011, 50020, 50034];

/// Trouble that passes.
const PASSING: [u32; 4] = [50033, 70012, 50087, 50088];

fn verdict(status: u16, error: &str, has: &dyn Fn(&[u32]) -> bool) -> (ErrorKind, &'static str) {
    let sign_in = ErrorKind::NeedsSignIn;
    if has(&POLICY) {
        return (ErrorKind::Refused, "does not let this device or network in, by order of the organisation");
    }
    if has(&[50057]) {
        return (ErrorKind::Refused, "says that the account is disabled");
    }
    if has(&[50194]) {
        return (
            ErrorKind::Refused,
            "knows this app in one organisation only: name that organisation as tenant",
        );
    }
    if has(&[50196]) {
        let retry_after = None;
        return (ErrorKind::Throttled { retry_after }, "was asked for the same too often");
    }
    if has(&ADMIN) {
        return (ErrorKind::Refused, "wants an administrator of the organisation to allow this app first");
    }
    if has(&[65004]) || matches!(error, "consent_required" | "access_denied" | "authorization_declined") {
        return (sign_in, "was not allowed to let this app at the calendars");
    }
    if has(&STRANGER) || error == "unauthorized_client" {
        return (
            ErrorKind::Refused,
            "does not let this account use this app: name the organisation as tenant",
        );
    }
    if has(&SECOND_PROOF) || matches!(error, "interaction_required" | "login_required") {
        return (sign_in, "wants a further proof of who is signing in");
    }
    if has(&UNUSED) || error == "expired_token" {
        return (sign_in, "has let the sign-in lapse, since it was not used for long");
    }
    if has(&REVOKED) {
        return (sign_in, "has ended the sign-in, as after a change of password");
    }
    if has(&[70043]) {
        return (sign_in, "wants a new sign-in from time to time, by order of the organisation");
    }
    let passes = matches!(error, "temporarily_unavailable" | "server_error") || has(&PASSING);
    if passes || status >= 500 {
        return (ErrorKind::Offline, "has trouble of its own");
    }
    match error {
        "invalid_grant" | "bad_verification_code" => (sign_in, "no longer accepts the sign-in"),
        "" => (ErrorKind::InvalidData, "answered a sign-in with something that cannot be read"),
        _ => (ErrorKind::Refused, "does not accept the sign-in of this app"),
    }
}

#[derive(Deserialize, Default)]
struct Body {
    error: Option<String>,
    error_description: Option<String>,
    error_codes: Option<Vec<u32>>,
    claims: Option<String>,
}

impl Body {
    /// The numbers in the body, or the one in its text where there is no list of them.
    fn numbers(&self) -> Vec<u32> {
        let listed = self.error_codes.clone().unwrap_or_default();
        if !listed.is_empty() {
            return listed;
        }
        let text = self.error_description.as_deref().unwrap_or_default();
        let digits = text.split_once("AADSTS").map_or("", |(_, rest)| {
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            &rest[..end]
        });
        digits.parse().ok().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(error: &str, number: u32) -> SignInRefusal {
        let body = format!(
            "{{\"error\":\"{error}\",\"error_description\":\"AADSTS{number}: ada@example.org\\r\\nTrace ID: 1\",\
             \"error_codes\":[{number}]}}"
        );
        sign_in_refusal(400, body.as_bytes())
    }

    /// Every row of the sign-in service's error table.
    #[test]
    fn every_refused_sign_in_has_one_kind_and_one_sentence() {
        let sign_in = ErrorKind::NeedsSignIn;
        let rows: [(&str, &[u32], ErrorKind, &str); 13] = [
            ("invalid_grant", &[70008, 700_082], sign_in, "not used for long"),
            ("invalid_grant", &[50173, 50132, 50133], sign_in, "change of password"),
            ("invalid_grant", &[70043], sign_in, "from time to time"),
            ("invalid_grant", &[54005, 70000, 501_481], sign_in, "no longer accepts the sign-in"),
            ("interaction_required", &[50076, 50079, 50078, 50074, 50072, 50158], sign_in, "further proof"),
            (
                "invalid_grant",
                &[53000, 53001, 53003, 530_035, 50131],
                ErrorKind::Refused,
                "device or network",
            ),
            ("invalid_grant", &[65001, 90094], ErrorKind::Refused, "an administrator of the organisation"),
            ("consent_required", &[65004], sign_in, "was not allowed"),
            (
                "unauthorized_client",
                &[50105, 700_011, 50020, 50034],
                ErrorKind::Refused,
                "name the organisation",
            ),
            ("invalid_grant", &[50057], ErrorKind::Refused, "disabled"),
            ("invalid_request", &[50194], ErrorKind::Refused, "one organisation only"),
            ("invalid_grant", &[50196], ErrorKind::Throttled { retry_after: None }, "too often"),
            ("temporarily_unavailable", &[50033, 70012, 50087], ErrorKind::Offline, "trouble of its own"),
        ];
        for (error, numbers, kind, words) in rows {
            for number in numbers {
                let refusal = refused(error, *number);
                assert_eq!(refusal.error.kind, kind, "{error} {number}");
                assert!(refusal.error.message.contains(words), "{error} {number}: {}", refusal.error.message);
                assert!(refusal.error.message.ends_with(&format!("(AADSTS{number})")));
                assert!(!refusal.error.message.contains("ada"), "the service's text stays out");
            }
        }
    }

    #[test]
    fn the_link_for_an_administrator_is_there_when_one_is_needed() {
        let authority = Url::parse("https://login.microsoftonline.com/").unwrap();
        let link =
            |number| refused("invalid_grant", number).admin_consent(&authority, "organizations", "a b");
        let expected = "https://login.microsoftonline.com/organizations/adminconsent?client_id=a+b";
        assert_eq!(link(90094).map(String::from).as_deref(), Some(expected));
        assert_eq!(link(50173), None);
    }

    #[test]
    fn claims_are_handed_on_and_numbers_found_in_the_text() {
        let body =
            br#"{"error":"interaction_required","error_description":"AADSTS50076: x","claims":"{\"a\":1}"}"#;
        let refusal = sign_in_refusal(400, body);
        assert_eq!(refusal.claims.as_deref(), Some("{\"a\":1}"));
        assert!(refusal.error.message.ends_with("(AADSTS50076)"));
    }

    #[test]
    fn a_web_page_or_nothing_is_understood() {
        assert_eq!(sign_in_refusal(503, b"<html>").error.kind, ErrorKind::Offline);
        assert_eq!(sign_in_refusal(400, b"").error.kind, ErrorKind::InvalidData);
    }
}
