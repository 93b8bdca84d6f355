//! Where the browser comes back to: a listener on loopback that takes one answer and is gone.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::select_all;
use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use super::client::LoopbackHost;
use super::error::SignInError;

/// How long one connection may take for its request.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// The longest request head that is read, in bytes; a code and a state are some hundreds.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// How many connections are served at once: browsers open one or two on speculation.
const CONNECTIONS_MAX: usize = 8;

/// What the browser brought.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Brought {
    /// A code for this flow.
    Code(String),
    /// A refusal for this flow: `error` and `error_description`.
    Refusal(String, String),
    /// Another flow's state, or none.
    OtherFlow,
    /// Neither code nor error.
    Nothing,
}

/// The listener, bound.
pub(super) struct Listener {
    sockets: Vec<TcpListener>,
    port: u16,
    host: LoopbackHost,
}

impl Listener {
    /// Listens on loopback only; for `localhost` at both of its addresses, since browsers try either.
    pub(super) async fn bind(host: LoopbackHost, port: Option<u16>) -> Result<Self, SignInError> {
        let first = bind(Ipv4Addr::LOCALHOST.into(), port.unwrap_or(0)).await.map_err(|error| {
            match (error.kind(), port) {
                (io::ErrorKind::AddrInUse, Some(port)) => SignInError::PortTaken { port },
                _ => SignInError::NoListener { reason: error.kind().to_string() },
            }
        })?;
        let local = first
            .local_addr()
            .map_err(|error| SignInError::NoListener { reason: error.kind().to_string() })?;
        let mut sockets = vec![first];
        if host == LoopbackHost::Name {
            // Machines without IPv6 have no such address, and then no browser goes there.
            sockets.extend(bind(Ipv6Addr::LOCALHOST.into(), local.port()).await.ok());
        }
        Ok(Self { sockets, port: local.port(), host })
    }

    /// What the provider is told to send the browser back to.
    pub(super) fn redirect(&self) -> String {
        match self.host {
            LoopbackHost::Address => format!("http://127.0.0.1:{}", self.port),
            LoopbackHost::Name => format!("http://localhost:{}", self.port),
        }
    }

    /// Waits for the first answer, and is gone with it: whoever comes later finds nobody.
    pub(super) async fn wait(self, state: &str) -> Brought {
        let answer: Arc<Mutex<Option<Brought>>> = Arc::default();
        let mut connections = JoinSet::new();
        loop {
            let accepted = select_all(self.sockets.iter().map(|socket| socket.accept().boxed()));
            let stream = tokio::select! {
                (accepted, _, _) = accepted => {
                    // The caller's time limit ends a machine that cannot accept anything.
                    let Ok((stream, _)) = accepted else {
                        tokio::task::yield_now().await;
                        continue;
                    };
                    stream
                }
                Some(_) = connections.join_next() => {
                    if let Some(brought) = take(&answer) {
                        return brought;
                    }
                    continue;
                }
            };
            if connections.len() >= CONNECTIONS_MAX {
                continue;
            }
            let (answer, state) = (Arc::clone(&answer), state.to_owned());
            connections.spawn(async move {
                let service = service_fn(move |request| {
                    let response = respond(&request, &state, &answer);
                    async move { Ok::<_, Infallible>(response) }
                });
                let serving = http1::Builder::new()
                    .keep_alive(false)
                    .max_buf_size(HEAD_BYTES_MAX)
                    .timer(TokioTimer::new())
                    .header_read_timeout(REQUEST_LIMIT)
                    .serve_connection(TokioIo::new(stream), service);
                // A browser that goes away in the middle has brought what it brought, or nothing.
                let _gone = tokio::time::timeout(REQUEST_LIMIT, serving).await;
            });
        }
    }
}

async fn bind(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(address, port)).await
}

fn take(answer: &Mutex<Option<Brought>>) -> Option<Brought> {
    answer.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn respond(request: &Request<Incoming>, state: &str, answer: &Mutex<Option<Brought>>) -> Response<String> {
    // A browser asks for an icon, too; only the redirect itself counts.
    if request.method() != http::Method::GET || request.uri().path() != "/" {
        return page(StatusCode::NOT_FOUND, "Nothing here", "This address only ends a sign-in.");
    }
    let brought = read(request.uri().query().unwrap_or_default(), state);
    let response = match &brought {
        Brought::Code(_) => {
            page(StatusCode::OK, "Signed in", "You can close this page and go back to Starmesh.")
        }
        Brought::Refusal(..) => page(StatusCode::OK, "Not signed in", "Starmesh says what to do next."),
        Brought::OtherFlow | Brought::Nothing => page(
            StatusCode::BAD_REQUEST,
            "Not signed in",
            "This answer belongs to no sign-in under way. Start again in Starmesh.",
        ),
    };
    answer.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(brought);
    response
}

/// The answer in a redirect's query. The state is looked at before anything else.
fn read(query: &str, state: &str) -> Brought {
    let Ok(url) = Url::parse(&format!("http://localhost/?{query}")) else { return Brought::Nothing };
    let value =
        |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let ours = value("state").is_some_and(|brought| brought.as_bytes().ct_eq(state.as_bytes()).into());
    if !ours {
        return Brought::OtherFlow;
    }
    match (value("error"), value("code")) {
        (Some(error), _) => Brought::Refusal(error, value("error_description").unwrap_or_default()),
        (None, Some(code)) if !code.is_empty() => Brought::Code(code),
        _ => Brought::Nothing,
    }
}

/// A page of its own: no script, nothing from elsewhere, nothing of what was brought.
fn page(status: StatusCode, title: &str, text: &str) -> Response<String> {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:1.1rem system-ui,sans-serif;margin:20vh auto;max-width:28rem;text-align:center;\
         color-scheme:light dark}}</style><h1>{title}</h1><p>{text}</p></html>"
    );
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::CONNECTION, "close"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    response
}
