//! What a subscription sends to its hook.
//!
//! A notification is a hint: whoever it names, the calendar is read through the port. So all that is taken
//! from it is which subscription speaks and what it wants.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use starmesh_provider::Notice;
use subtle::ConstantTimeEq;

/// One thing that a subscription tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// The provider's name of the subscription.
    pub subscription: String,
    /// What it means.
    pub notice: Notice,
}

/// Why a request to a hook is no notification.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotificationProblem {
    /// It is not JSON of the right form.
    #[error("the request is no notification")]
    Malformed,
    /// None of its items brings the secret back.
    #[error("the request does not know the secret")]
    WrongSecret,
}

/// What the `body` of a request to a hook tells, each thing once. Items that do not bring back `secret` are
/// left out, since several subscriptions may share a request; a request with no other is refused.
///
/// A kind of item that is not known is taken for a change: reading once too often does no harm.
pub fn notices(body: &[u8], secret: &SecretString) -> Result<Vec<Notification>, NotificationProblem> {
    let Body { value } = serde_json::from_slice(body).map_err(|_| NotificationProblem::Malformed)?;
    let is_empty = value.is_empty();
    let mut told: Vec<Notification> = Vec::new();
    for item in value.into_iter().filter(|item| item.knows(secret)) {
        let notice = item.notice();
        let notification = Notification { subscription: item.subscription_id, notice };
        if !told.contains(&notification) {
            told.push(notification);
        }
    }
    if told.is_empty() && !is_empty {
        return Err(NotificationProblem::WrongSecret);
    }
    Ok(told)
}

#[derive(Deserialize)]
struct Body {
    value: Vec<Item>,
}

/// An item; whose calendar and which event it names is not even read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    subscription_id: String,
    client_state: Option<String>,
    lifecycle_event: Option<String>,
}

impl Item {
    fn knows(&self, secret: &SecretString) -> bool {
        let found = self.client_state.as_deref().unwrap_or_default();
        let expected = secret.expose_secret();
        !expected.is_empty() && found.as_bytes().ct_eq(expected.as_bytes()).into()
    }

    fn notice(&self) -> Notice {
        match self.lifecycle_event.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("reauthorizationrequired") => Notice::RenewNow,
            Some("subscriptionremoved") => Notice::Ended,
            // `missed`, a change, and whatever else may come.
            _ => Notice::Changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> Result<Vec<(String, Notice)>, NotificationProblem> {
        let notices = notices(body.as_bytes(), &"right".to_owned().into())?;
        Ok(notices.into_iter().map(|it| (it.subscription, it.notice)).collect())
    }

    fn item(subscription: &str, secret: &str, more: &str) -> String {
        format!("{{\"subscriptionId\":\"{subscription}\",\"clientState\":\"{secret}\"{more}}}")
    }

    fn body(items: &[String]) -> String {
        format!("{{\"value\":[{}]}}", items.join(","))
    }

    #[test]
    fn each_kind_of_item_has_one_meaning() {
        let lifecycle = |event: &str| format!(",\"lifecycleEvent\":\"{event}\"");
        let change = ",\"changeType\":\"updated\",\"resource\":\"Users/u/Events/e\",\
            \"resourceData\":{\"id\":\"e\",\"@odata.etag\":\"x\"}";
        let cases = [
            (change.to_owned(), Notice::Changed),
            (lifecycle("missed"), Notice::Changed),
            (lifecycle("reauthorizationRequired"), Notice::RenewNow),
            (lifecycle("subscriptionRemoved"), Notice::Ended),
            (lifecycle("somethingNew"), Notice::Changed),
        ];
        for (more, notice) in cases {
            assert_eq!(
                told(&body(&[item("s", "right", &more)])),
                Ok(vec![("s".to_owned(), notice)]),
                "{more}"
            );
        }
    }

    #[test]
    fn a_burst_is_told_once_for_each_subscription() {
        let burst = body(&[item("a", "right", ""), item("b", "right", ""), item("a", "right", "")]);
        let expected = vec![("a".to_owned(), Notice::Changed), ("b".to_owned(), Notice::Changed)];
        assert_eq!(told(&burst), Ok(expected));
    }

    #[test]
    fn only_items_with_the_secret_count() {
        let mixed = body(&[item("a", "wrong", ""), item("b", "right", ""), item("c", "right2", "")]);
        assert_eq!(told(&mixed), Ok(vec![("b".to_owned(), Notice::Changed)]));
        assert_eq!(told(&body(&[item("a", "wrong", "")])), Err(NotificationProblem::WrongSecret));
        let silent = "{\"value\":[{\"subscriptionId\":\"a\"}]}";
        assert_eq!(told(silent), Err(NotificationProblem::WrongSecret));
        let no_secret = notices(silent.as_bytes(), &String::new().into());
        assert_eq!(no_secret, Err(NotificationProblem::WrongSecret));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "[]", "{}", "{\"value\":{}}", "<html>"] {
            assert_eq!(told(text), Err(NotificationProblem::Malformed), "{text}");
        }
        assert_eq!(told("{\"value\":[]}"), Ok(Vec::new()));
    }
}
