//! OAuth 2 for native apps (RFC 8252): sign-in by a person, then access tokens for as long as the grant
//! lasts.
//!
//! 1. [`OAuthClient`] says who we are and where the provider wants to be asked.
//! 2. [`BrowserSignIn`] makes the address for the system's browser and waits at a one-shot loopback
//!    `listener`; [`device_sign_in`] is the way without a browser on this machine.
//! 3. `exchange` turns what came back into a [`Grant`], over the usual transport.
//! 4. [`Tokens`] hands out access tokens and renews them, once for all who wait.
//! 5. [`revoke`] ends a grant.
//!
//! **Invariant:** a renewed refresh token is kept in the vault before the access token that came with it
//! is used, so that a crash at any moment leaves a token that works.
//!
//! **Invariant:** [`SignInError`] holds machine codes and scopes, never a provider's text: those name
//! people.

mod browser;
mod client;
mod device;
mod error;
mod exchange;
mod listener;
mod revoke;
mod tokens;

pub use browser::{BrowserSignIn, SIGN_IN_LIMIT};
pub use client::{LoopbackHost, OAuthClient};
pub use device::{DevicePrompt, device_sign_in};
pub use error::SignInError;
pub use exchange::Grant;
pub use revoke::revoke;
pub use tokens::{TokenKeeper, Tokens};

#[cfg(test)]
mod tests;
