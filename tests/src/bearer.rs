//! The network with an access token that never changes.

use std::sync::Arc;

use async_trait::async_trait;
use starmesh_http::{HttpError, Request, Response, Transport};

/// The token; a simulator has to accept it.
pub const TOKEN: &str = "token-of-the-tests";

/// Adds [`TOKEN`] to every request.
pub struct Bearer {
    /// Carries the requests.
    pub inner: Arc<dyn Transport>,
}

#[async_trait]
impl Transport for Bearer {
    async fn send(&self, mut request: Request) -> Result<Response, HttpError> {
        let token = format!("Bearer {TOKEN}").parse().expect("a header");
        request.headers_mut().insert("authorization", token);
        self.inner.send(request).await
    }
}
