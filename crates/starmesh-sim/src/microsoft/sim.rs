//! The whole simulator.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::control::{self, WorldSwitches};
use super::gate::{Gate, Incoming};
use super::met::COUNTABLE;
use super::options::MicrosoftOptions;
use super::push::delivery::deliver_due;
use super::sign_in;
use super::switches::Switches;
use super::world::state::PROVIDER;
use super::world::{MailboxKind, MailboxNo, World};
use crate::web::auth::{AUTH_COUNTABLE, AuthServer, Form, User};
use crate::web::control::Controls;
use crate::web::{
    HookCarrier, Hooks, HttpCarrier, Ledger, Recorder, Reply, RoundTrip, Served, SimClock, hold,
    record_traffic, serve_from_afar,
};

/// How often a served simulator looks for notifications that are due.
const DELIVERY_PAUSE: Duration = Duration::from_millis(20);
/// The largest body that is taken in, in bytes.
const BODY_MAX: usize = 4 * 1024 * 1024;

/// A simulated Microsoft Graph. Clones share everything.
#[derive(Clone)]
pub struct MicrosoftSim {
    gate: Gate,
    clock: SimClock,
}

/// A served simulator. Dropping it closes the address.
#[derive(Debug)]
pub struct MicrosoftServed {
    served: Served,
    /// Stops the deliveries when it is dropped.
    _deliveries: DropGuard,
}

impl MicrosoftServed {
    /// Scheme, address and port, with a slash at the end; the API is under `v1.0`, sign-in under
    /// `{tenant}/oauth2/v2.0`.
    pub fn base_url(&self) -> &Url {
        self.served.base_url()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.served.address()
    }

    /// Closes the address and every connection, and waits until that is done.
    pub async fn shutdown(self) {
        self.served.shutdown().await;
    }
}

impl MicrosoftSim {
    /// A world with nobody in it; an error says which hook certificate cannot be read.
    pub fn new(options: MicrosoftOptions) -> Result<Self, String> {
        let carrier = HttpCarrier::new(&options.hook_roots)?;
        let (seed, clock, ledger) = (options.seed, options.clock, options.ledger);
        let auth = AuthServer::new(sign_in::style(), clock.clone(), seed);
        options.clients.into_iter().for_each(|client| auth.add_client(client));
        let world = World::new(clock.clone(), ledger.clone(), seed, options.switches);
        let hooks = Hooks::new(PROVIDER, clock.clone(), ledger.clone(), Arc::new(carrier), seed);
        Ok(Self { gate: Gate { world: Arc::new(Mutex::new(world)), auth, hooks, ledger }, clock })
    }

    /// A new person with a mailbox, who can sign in; see [`World::add_mailbox`].
    pub fn add_user(&self, kind: MailboxKind, upn: &str, name: &str) -> MailboxNo {
        self.gate.auth.add_user(User(upn.into()));
        self.with(|world| world.add_mailbox(kind, upn, name))
    }

    /// A new shared mailbox, in which nobody signs in.
    pub fn add_shared_mailbox(&self, upn: &str, name: &str) -> MailboxNo {
        self.with(|world| world.add_mailbox(MailboxKind::Shared, upn, name))
    }

    /// Lets `token` be a bearer token that is always good and permits everything.
    pub fn accept_token(&self, token: &str, upn: &str) {
        self.gate.auth.accept_token(token, User(upn.into()));
    }

    /// Access to the world itself: what is done here is no request and told to nobody.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut hold(&self.gate.world))
    }

    /// The authorization server: consents, tokens, device codes.
    pub fn auth(&self) -> &AuthServer {
        &self.gate.auth
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.gate.ledger
    }

    /// The clock.
    pub fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// The web hooks.
    pub fn hooks(&self) -> &Hooks {
        &self.gate.hooks
    }

    /// Lets another carrier take the web hooks from now on.
    pub fn carry_hooks_by(&self, carrier: Arc<dyn HookCarrier>) {
        self.gate.hooks.set_carrier(carrier);
    }

    /// The switches as they are.
    pub fn switches(&self) -> Switches {
        hold(&self.gate.world).switches.clone()
    }

    /// Changes switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut hold(&self.gate.world).switches);
    }

    /// How often each fault was met, and each switch made a difference: `fault.cut`,
    /// `delta_dead_token.gone`.
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        self.gate.met()
    }

    /// The names of everything that [`met`](Self::met) can count.
    pub fn countable() -> Vec<&'static str> {
        [COUNTABLE, AUTH_COUNTABLE].concat()
    }

    /// Sends the notifications that are due by the clock, each once, and gives how many requests that took.
    /// A served simulator does so by itself.
    pub async fn deliver_due(&self) -> usize {
        deliver_due(&self.gate.world, &self.gate.hooks).await
    }

    /// All routes: the API, sign-in, and the controls below `/__`.
    pub fn router(&self) -> Router {
        let controls = Controls {
            clock: self.clock.clone(),
            ledger: self.gate.ledger.clone(),
            switches: Arc::new(WorldSwitches(Arc::clone(&self.gate.world))),
        };
        let recorder =
            Recorder { ledger: self.gate.ledger.clone(), clock: self.clock.clone(), provider: PROVIDER };
        let service = Router::new()
            .fallback(answer)
            .with_state(self.gate.clone())
            .layer(from_fn_with_state(recorder, record_traffic));
        crate::web::control::routes(controls)
            .merge(control::routes(self.gate.clone()))
            .fallback_service(service)
    }

    /// Serves all routes at `address`, and delivers notifications as they become due; port 0 takes any
    /// free one.
    pub async fn start(&self, address: SocketAddr) -> io::Result<MicrosoftServed> {
        self.start_from_afar(address, RoundTrip::NONE).await
    }

    /// Serves as [`MicrosoftSim::start`] does, with `distance` between it and its clients.
    pub async fn start_from_afar(
        &self,
        address: SocketAddr,
        distance: RoundTrip,
    ) -> io::Result<MicrosoftServed> {
        let served = serve_from_afar(address, self.router(), distance).await?;
        let stop = CancellationToken::new();
        let (gate, stopped) = (self.gate.clone(), stop.clone());
        tokio::spawn(async move {
            // Dropped with its tasks at the end. A slow web hook holds up nobody else.
            let mut rounds = JoinSet::new();
            loop {
                tokio::select! {
                    () = stopped.cancelled() => break,
                    () = tokio::time::sleep(DELIVERY_PAUSE) => {
                        let gate = gate.clone();
                        rounds.spawn(async move { deliver_due(&gate.world, &gate.hooks).await });
                    }
                    Some(_) = rounds.join_next() => {}
                }
            }
        });
        Ok(MicrosoftServed { served, _deliveries: stop.drop_guard() })
    }
}

/// Sign-in or the API, by the path.
async fn answer(State(gate): State<Gate>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return Reply::empty(StatusCode::PAYLOAD_TOO_LARGE).into_response();
    };
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let form = if parts.method == Method::POST { Form::parse(&body) } else { Form::parse(query.as_bytes()) };
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let signed_in = sign_in::answer(&hold(&gate.world), &gate.auth, &path, &form, authorization);
    if let Some(reply) = signed_in {
        return reply.into_response();
    }
    let host = parts.uri.authority().map(ToString::to_string).or_else(|| {
        parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(ToOwned::to_owned)
    });
    // Some clients speak TLS only; then somebody stands in front and says so.
    let forwarded = parts.headers.get("x-forwarded-proto").and_then(|scheme| scheme.to_str().ok());
    let base = format!(
        "{}://{}",
        forwarded.or(parts.uri.scheme_str()).unwrap_or("http"),
        host.unwrap_or_else(|| "localhost".into())
    );
    let incoming = Incoming { method: parts.method, base, path, query, headers: parts.headers, body };
    gate.answer(incoming).await.into_response()
}
