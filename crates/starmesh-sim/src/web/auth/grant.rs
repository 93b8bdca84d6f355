//! Who may do what.

use serde::{Deserialize, Serialize};

/// A person with an account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct User(pub String);

/// A registered application.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// Its public id.
    pub id: String,
    /// Its secret, where it has one.
    pub secret: Option<String>,
}

/// What an access token allows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// Whose it is.
    pub user: User,
    /// The application that holds it; empty for the fixed token.
    pub client: String,
    /// Granted scopes; `None` allows everything (the fixed token).
    pub scopes: Option<Vec<String>>,
}

impl Access {
    /// True when any of `scopes` was granted.
    pub fn allows_any(&self, scopes: &[&str]) -> bool {
        let Some(granted) = &self.scopes else { return true };
        granted.iter().any(|granted| scopes.iter().any(|scope| granted.eq_ignore_ascii_case(scope)))
    }
}
