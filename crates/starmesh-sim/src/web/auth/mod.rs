//! An OAuth 2 authorization server without paths, so that each provider can serve it at its own.
//!
//! 1. [`AuthStyle`] says how a provider words its answers and which rules it keeps.
//! 2. [`AuthSwitches`] are what a test changes while it runs: consent, lives, refusals.
//! 3. [`AuthServer`] does the work: `authorize` (approves by itself), `token`, `device`, `revoke`, and for
//!    the API [`AuthServer::access_of`] and [`AuthServer::user_of`].
//!
//! Sources: RFC 6749 (OAuth 2), RFC 7636 (PKCE), RFC 8252 (native apps), RFC 8628 (device code).

mod form;
mod grant;
mod met;
mod server;
mod state;
mod style;
mod switches;

#[cfg(test)]
mod tests;

pub use form::Form;
pub use grant::{Access, Client, User};
pub use met::AUTH_COUNTABLE;
pub use server::{AuthServer, Authorized};
pub use style::{AuthProblem, AuthStyle, Issued, RefreshRule, RefreshWish, SecretRule, id_token};
pub use switches::{AuthSwitches, Consent, DeviceApproval, TokenTrouble};
