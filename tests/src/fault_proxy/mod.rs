//! A proxy on loopback that stands before a server and spoils single answers, as servers, networks and
//! captive portals do.

mod exchange;
mod paging;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

pub use exchange::{Answer, Asked};
use paging::Paging;

/// The proxy; ends when dropped.
pub struct FaultProxy {
    url: Url,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

/// What goes wrong.
pub enum Fault {
    /// The proxy answers itself, and the server never hears of the request.
    Instead(Answer),
    /// The server carries the request out, and the connection breaks before its answer.
    LoseAnswer,
    /// The server's answer is changed on its way.
    Change(Box<dyn Fn(Answer) -> Answer + Send + Sync>),
    /// The server's answer breaks off in the middle of its body.
    BreakOff,
}

/// Which requests a fault hits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct On {
    method: &'static str,
    body_part: Option<String>,
}

impl On {
    /// Requests with this method.
    pub fn method(method: &'static str) -> Self {
        Self { method, body_part: None }
    }

    /// Requests with this method and this text in their body.
    pub fn with_body(method: &'static str, part: &str) -> Self {
        Self { method, body_part: Some(part.to_owned()) }
    }

    fn hits(&self, asked: &Asked) -> bool {
        asked.method == self.method
            && self.body_part.as_ref().is_none_or(|part| asked.body_text().contains(part))
    }
}

struct Planned {
    on: On,
    fault: Fault,
    times: usize,
}

/// Sees each request before anything else does: may change it, or answer it.
type Gate = Box<dyn Fn(&mut Asked) -> Option<Answer> + Send + Sync>;

#[derive(Default)]
struct State {
    gate: Option<Gate>,
    planned: Vec<Planned>,
    asked: Vec<Asked>,
    paging: Option<Paging>,
}

impl FaultProxy {
    /// A proxy before the server at `upstream`.
    ///
    /// # Panics
    ///
    /// When there is no port to be had.
    pub async fn before(upstream: &Url) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let state = Arc::new(Mutex::new(State::default()));
        let (served, upstream) = (Arc::clone(&state), upstream.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(exchange::serve(stream, upstream.clone(), Arc::clone(&served)));
            }
        });
        let url = Url::parse(&format!("http://{address}/")).expect("an address makes a URL");
        Self { url, state, task }
    }

    /// A server of its own, with no other behind it.
    pub async fn alone(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        // Nobody is ever asked there.
        let proxy = Self::before(&Url::parse("http://127.0.0.1:9/").expect("an address")).await;
        proxy.lock().gate = Some(Box::new(move |asked| Some(answer(asked))));
        proxy
    }

    /// Lets in whoever shows this token, and signs them in to the server with these credentials.
    pub fn demand_token(&self, token: &str, authorization: String) {
        let wanted = format!("Bearer {token}");
        self.lock().gate = Some(Box::new(move |asked| {
            if asked.header("authorization") != Some(wanted.as_str()) {
                return Some(Answer::status(401).with("www-authenticate", "Bearer"));
            }
            asked.headers.retain(|(name, _)| name != "authorization");
            asked.headers.push(("authorization".to_owned(), authorization.clone()));
            None
        }));
    }

    /// The proxy's address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Plans a fault for the next `times` requests that `on` hits.
    pub fn plan(&self, on: On, times: usize, fault: Fault) {
        self.lock().planned.push(Planned { on, fault, times });
    }

    /// Forgets every fault that is still planned.
    pub fn heal(&self) {
        self.lock().planned.clear();
    }

    /// Cuts every report of changes into pages of `changes` from now on, as Cyrus does.
    pub fn cut_pages(&self, changes: usize) {
        self.lock().paging = Some(Paging::new(changes));
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// How many faults are still planned.
    pub fn left(&self) -> usize {
        self.lock().planned.iter().map(|planned| planned.times).sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}
