//! The seam between adapters and the network.

use async_trait::async_trait;
use url::Url;

use crate::error::HttpError;

/// A request with its whole body.
pub type Request = http::Request<Vec<u8>>;

/// A response with its whole body.
pub type Response = http::Response<Vec<u8>>;

/// Carries out exchanges. Decorators (credentials, redirects, governor) implement it too.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request`, whose URI is absolute, and reads the whole answer.
    ///
    /// Any status is an answer; an error means that there is none to look at.
    async fn send(&self, request: Request) -> Result<Response, HttpError>;
}

/// The URL that gave the answer, as an extension of a response; differs from the request's after a
/// redirect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FinalUrl(pub Url);
