//! How the adapters reach their providers over HTTP.
//!
//! 1. [`Transport`] is one exchange, and [`ReqwestTransport`] carries it out with bounded time and size.
//! 2. [`AccountTransport`] wraps one for an account: it adds the [`Credentials`], follows redirects and
//!    asks the mailbox's [`Governor`] first, which keeps it at its [`Pace`].
//! 3. [`oauth`] gets and renews the tokens of accounts that sign in with a browser.
//! 4. [`probe()`] looks at a server from outside, for whoever wants to know what is wrong.
//! 5. [`HttpError`] says what went wrong in a form that an adapter can classify.
//!
//! **Invariant:** logs and errors name hosts, methods and statuses. Headers, bodies, queries, paths and
//! user names stay out of them, since each can hold a secret or a piece of an event.

mod account;
mod credentials;
mod error;
mod governor;
pub mod oauth;
mod pace;
mod password;
mod probe;
mod redirect;
mod reqwest_transport;
mod retry_after;
mod site;
mod transport;

pub use account::AccountTransport;
pub use credentials::Credentials;
pub use error::{HttpError, Unreachable};
pub use governor::{Governor, GovernorSettings};
pub use pace::{Budget, Pace, Paused};
pub use password::Password;
pub use probe::{Answered, addresses, probe};
pub use redirect::REDIRECTS_MAX;
pub use reqwest_transport::{HttpOptions, Proxy, ReqwestTransport, Timeouts};
pub use retry_after::retry_after;
pub use site::{is_loopback, may_send_credentials};
pub use transport::{FinalUrl, Request, Response, Transport};
