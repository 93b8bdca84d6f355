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

#[derive(Default)]
struct State {
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
