//! The transport of one account: credentials, redirects, governor.

use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{StatusCode, Uri};
use starmesh_provider::env::Clock;
use url::Url;

use crate::credentials::Credentials;
use crate::error::HttpError;
use crate::governor::Governor;
use crate::pace::Paused;
use crate::password::Verdict;
use crate::redirect::{REDIRECTS_MAX, host_of, next_hop};
use crate::retry_after::retry_after;
use crate::site::{is_loopback, may_send_credentials};
use crate::transport::{FinalUrl, Request, Response, Transport};

/// Sends requests for one account.
///
/// A 429, or a 503 that says how long to wait, pauses the mailbox and is [`HttpError::Throttled`]; any
/// other status is an answer.
pub struct AccountTransport {
    inner: Arc<dyn Transport>,
    credentials: Credentials,
    trusted: Url,
    governor: Arc<Governor>,
    client_governor: Option<Arc<Governor>>,
    clock: Arc<dyn Clock>,
}

impl AccountTransport {
    /// A transport that sends `credentials` to the site of `trusted`, the URL that the user gave, and to
    /// nobody else.
    pub fn new(
        inner: Arc<dyn Transport>,
        credentials: Credentials,
        trusted: Url,
        governor: Arc<Governor>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { inner, credentials, trusted, governor, client_governor: None, clock }
    }

    /// Asks `governor` too, which all accounts share that sign in under one client id: providers count
    /// requests for that as well.
    #[must_use]
    pub fn under_client(mut self, governor: Arc<Governor>) -> Self {
        self.client_governor = Some(governor);
        self
    }

    async fn exchange(&self, url: &Url, request: &Request) -> Result<(Response, Sent), HttpError> {
        let mut request = request.clone();
        *request.uri_mut() = uri_of(url)?;
        request.headers_mut().remove(AUTHORIZATION);
        if !self.credentials.are_none() && !may_send_credentials(&self.trusted, url) {
            return Ok((self.admitted(url, request).await?, Sent::WithoutCredentials));
        }
        let mut left = self.credentials.tries();
        loop {
            let proof = self.credentials.proof(url, request.method()).await?;
            let mut proven = request.clone();
            if let Some(header) = proof.header.clone() {
                proven.headers_mut().insert(AUTHORIZATION, header);
            }
            let response = self.admitted(url, proven).await?;
            left -= 1;
            let verdict = self.credentials.heard(&proof, url, &response).await?;
            if verdict == Verdict::Answer || left == 0 {
                return Ok((response, Sent::Whole));
            }
        }
    }

    /// Sends a request once every governor admits it.
    async fn admitted(&self, url: &Url, request: Request) -> Result<Response, HttpError> {
        let paused =
            |paused: Paused| HttpError::Throttled { host: host_of(url), retry_after: Some(paused.remaining) };
        let _permit = self.governor.admit(1).await.map_err(paused)?;
        let _client_permit = match &self.client_governor {
            Some(governor) => Some(governor.admit(1).await.map_err(paused)?),
            None => None,
        };
        let response = self.inner.send(request).await?;
        let delay = retry_after(response.headers(), self.clock.now());
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS
            || (status == StatusCode::SERVICE_UNAVAILABLE && delay.is_some())
        {
            self.governor.pause(delay);
            return Err(HttpError::Throttled {
                host: host_of(url),
                retry_after: Some(self.governor.paused_for()),
            });
        }
        self.governor.answered();
        Ok(response)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// With all the credentials there are.
    Whole,
    WithoutCredentials,
}

#[async_trait]
impl Transport for AccountTransport {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let mut url = Url::parse(&request.uri().to_string())
            .map_err(|_| HttpError::Request("its address is not absolute".to_owned()))?;
        if url.scheme() != "https" && !is_loopback(&url) && !self.credentials.are_none() {
            return Err(HttpError::Insecure { host: host_of(&url) });
        }
        for _hop in 0..=REDIRECTS_MAX {
            let (mut response, sent) = self.exchange(&url, &request).await?;
            if let Some(next) = next_hop(&url, &response)? {
                url = next;
                continue;
            }
            if response.status() == StatusCode::UNAUTHORIZED && sent == Sent::WithoutCredentials {
                return Err(HttpError::RefusedAfterRedirect {
                    from: host_of(&self.trusted),
                    to: host_of(&url),
                });
            }
            response.extensions_mut().insert(FinalUrl(url));
            return Ok(response);
        }
        Err(HttpError::Redirect { host: host_of(&url), reason: "again and again" })
    }
}

fn uri_of(url: &Url) -> Result<Uri, HttpError> {
    let mut url = url.clone();
    url.set_fragment(None);
    url.as_str().parse().map_err(|_| HttpError::Request("its address is not usable".to_owned()))
}

#[cfg(test)]
mod tests;
