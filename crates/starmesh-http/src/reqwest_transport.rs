//! The real network: reqwest over rustls with the platform's certificate store.

use std::error::Error;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use crate::error::{HttpError, Unreachable};
use crate::redirect::host_of;
use crate::transport::{Request, Response, Transport};

/// What we call ourselves.
const USER_AGENT: &str = concat!("Starmesh/", env!("CARGO_PKG_VERSION"));

/// The largest answer that is read, in bytes after decompression.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How long the network may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// For the whole exchange.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(15), read: Duration::from_mins(1), total: Duration::from_mins(5) }
    }
}

/// How to reach the network.
#[derive(Clone, Default, Debug)]
pub struct HttpOptions {
    /// How long it may take.
    pub timeouts: Timeouts,
    /// Certificates to trust besides the platform's, each a PEM text of one or several.
    pub extra_roots: Vec<Vec<u8>>,
    /// Through which proxy.
    pub proxy: Proxy,
}

/// Through which proxy servers are reached.
#[derive(Clone, Default, Debug)]
pub enum Proxy {
    /// The system's, if it has one.
    #[default]
    System,
    /// None at all, whatever the system says.
    Direct,
    /// This one, for everything.
    At(Url),
}

/// One exchange over the real network. Follows no redirect and knows no credentials.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    body_bytes_max: usize,
}

impl ReqwestTransport {
    /// A client with its own pool of connections.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpError> {
        // Another part of the program may have chosen a provider before: then that one stays.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(options.timeouts.connect)
            .read_timeout(options.timeouts.read)
            .timeout(options.timeouts.total);
        for pem in &options.extra_roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| HttpError::Request("an extra root certificate is not a PEM text".to_owned()))?;
            builder = builder.tls_certs_merge(roots);
        }
        match &options.proxy {
            Proxy::System => {}
            Proxy::Direct => builder = builder.no_proxy(),
            Proxy::At(proxy) => {
                let proxy = reqwest::Proxy::all(proxy.as_str())
                    .map_err(|_| HttpError::Request("the address of the proxy is not usable".to_owned()))?;
                builder = builder.proxy(proxy);
            }
        }
        let client = builder.build().map_err(|error| HttpError::Request(innermost(&error)))?;
        Ok(Self { client, body_bytes_max: BODY_BYTES_MAX })
    }

    /// The same with another limit for the size of an answer, in bytes.
    #[must_use]
    pub fn with_body_limit(self, body_bytes_max: usize) -> Self {
        Self { body_bytes_max, ..self }
    }

    async fn exchange(&self, host: &str, request: reqwest::Request) -> Result<Response, HttpError> {
        let mut answer = self.client.execute(request).await.map_err(|error| classify(host, &error))?;
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| classify(host, &error))? {
            if body.len() + piece.len() > self.body_bytes_max {
                return Err(HttpError::TooLarge { host: host.to_owned(), limit_bytes: self.body_bytes_max });
            }
            body.extend_from_slice(&piece);
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|_| HttpError::Request("its address is not usable".to_owned()))?;
        let host = host_of(request.url());
        let method = request.method().clone();
        let outcome = self.exchange(&host, request).await;
        match &outcome {
            Ok(response) => tracing::debug!(%host, %method, status = response.status().as_u16(), "answered"),
            Err(error) => tracing::debug!(%host, %method, %error, "not answered"),
        }
        outcome
    }
}

fn classify(host: &str, error: &reqwest::Error) -> HttpError {
    let host = host.to_owned();
    if let Some(reason) = tls_reason(error) {
        return HttpError::Untrusted { host, reason };
    }
    let cause = if error.is_timeout() {
        Unreachable::Timeout
    } else if error.is_dns() {
        Unreachable::Name
    } else if error.is_connect() {
        Unreachable::Connect
    } else if error.is_builder() {
        return HttpError::Request("it is malformed".to_owned());
    } else {
        Unreachable::Broken
    };
    HttpError::Unreachable { host, cause }
}

/// What the TLS library says, when it is the TLS library that refused.
fn tls_reason(error: &reqwest::Error) -> Option<String> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        // An `io::Error` hides the error it wraps from `source`.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = wrapped
            .and_then(|wrapped| wrapped.downcast_ref::<rustls::Error>())
            .or_else(|| error.downcast_ref::<rustls::Error>());
        if let Some(tls) = tls {
            return Some(tls.to_string());
        }
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests;
