//! The way of a web hook to its receiver.

use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::HookCall;
use crate::web::traffic::BODY_BYTES_MAX;

/// How long a receiver may take to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Carries a web hook to its receiver.
#[async_trait]
pub trait HookCarrier: Send + Sync {
    /// Sends the call; an error says in words why nobody answered.
    async fn carry(&self, call: &HookCall) -> Result<HookReply, String>;
}

/// What a receiver answered.
#[derive(Clone, Debug)]
pub struct HookReply {
    /// HTTP status.
    pub status: StatusCode,
    /// Content-Type, where there is one.
    pub content_type: Option<String>,
    /// Body.
    pub body: Bytes,
}

/// Over HTTP: plain to loopback addresses, TLS elsewhere.
pub struct HttpCarrier(reqwest::Client);

impl HttpCarrier {
    /// Trusts the platform's certificates and those in `extra_roots`, PEM texts of one or several.
    pub fn new(extra_roots: &[Vec<u8>]) -> Result<Self, String> {
        // Another part of the program may have chosen a provider before: then that one stays.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // A receiver that has just closed an idle connection must not look unreachable.
            .pool_max_idle_per_host(0)
            .timeout(ANSWER_TIME_MAX);
        for pem in extra_roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| "an extra root certificate is not a PEM text".to_owned())?;
            builder = builder.tls_certs_merge(roots);
        }
        builder.build().map(Self).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl HookCarrier for HttpCarrier {
    async fn carry(&self, call: &HookCall) -> Result<HookReply, String> {
        let mut request = self.0.request(call.method.clone(), call.url.clone());
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let reason = |error: reqwest::Error| {
            if error.is_timeout() { "no answer in time" } else { "no connection" }.to_owned()
        };
        let response = request.body(call.body.clone()).send().await.map_err(reason)?;
        let status = response.status();
        let content_type = content_type(response.headers());
        let body = response.bytes().await.map_err(reason)?;
        Ok(HookReply { status, content_type, body })
    }
}

/// In process, to a router that stands for every receiver.
pub struct RouterCarrier(pub Router);

#[async_trait]
impl HookCarrier for RouterCarrier {
    async fn carry(&self, call: &HookCall) -> Result<HookReply, String> {
        let mut request = Request::builder().method(call.method.clone()).uri(call.url.as_str());
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(call.body.clone())).map_err(|error| error.to_string())?;
        let response = match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| error.to_string())?;
        Ok(HookReply { status: parts.status, content_type: content_type(&parts.headers), body })
    }
}

fn content_type(headers: &http::HeaderMap) -> Option<String> {
    let value = headers.get(http::header::CONTENT_TYPE)?;
    Some(value.to_str().ok()?.to_owned())
}
