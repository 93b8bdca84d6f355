//! The simulated service as a whole.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::stream;
use http::{Method, StatusCode, header};
use starmesh_provider::env::Clock as _;

use super::batch;
use super::call::{Call, PROVIDER, Turn};
use super::faults;
use super::fields::Selection;
use super::oauth;
use super::problem::Problem;
use super::route::Operation;
use super::switches::{Fault, Switches};
use super::world::World;
use crate::web::auth::{AuthServer, Client, Form, User};
use crate::web::control::{self, Controls};
use crate::web::{
    Exchange, HookCall, HookCarrier, Hooks, HttpCarrier, Ledger, Reply, ReplyBody, RoundTrip, Served,
    SimClock, hold, scripted, serve_from_afar,
};

/// The largest body that is taken, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long the sync message may take when it has to arrive before the answer.
const FIRST_HOOK_TIME_MAX: Duration = Duration::from_secs(10);
/// Pieces into which a slow body is cut.
const SLOW_PIECES: usize = 8;

/// How a simulator is built.
#[derive(Clone)]
pub struct GoogleOptions {
    /// Everything random is drawn from it.
    pub seed: u64,
    /// The time.
    pub clock: SimClock,
    /// Where everything is noted; several simulators may share one.
    pub ledger: Ledger,
    /// The switches to begin with.
    pub switches: Switches,
    /// Registered applications; while there is none, every client id is good.
    pub clients: Vec<Client>,
    /// Certificates that web hooks trust besides the platform's, PEM texts.
    pub hook_roots: Vec<Vec<u8>>,
}

impl Default for GoogleOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            clock: SimClock::real(),
            ledger: Ledger::new(),
            switches: Switches::default(),
            clients: Vec::new(),
            hook_roots: Vec::new(),
        }
    }
}

/// A simulated Google Calendar. Clones share everything.
#[derive(Clone)]
pub struct GoogleSim(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) world: Mutex<World>,
    pub(super) switches: Arc<Mutex<Switches>>,
    pub(super) auth: AuthServer,
    pub(super) ledger: Ledger,
    pub(super) clock: SimClock,
    pub(super) hooks: Hooks,
}

/// What became of a request.
struct Handled {
    reply: Reply,
    hooks: Vec<HookCall>,
    first: Option<HookCall>,
    slow: Option<Duration>,
}

impl Handled {
    fn just(reply: Reply) -> Self {
        Self { reply, hooks: Vec::new(), first: None, slow: None }
    }
}

impl GoogleSim {
    /// An empty service; an error says which hook certificate cannot be read.
    pub fn new(options: GoogleOptions) -> Result<Self, String> {
        let carrier = HttpCarrier::new(&options.hook_roots)?;
        let auth = AuthServer::new(oauth::STYLE, options.clock.clone(), options.seed);
        options.clients.into_iter().for_each(|client| auth.add_client(client));
        let (clock, ledger) = (options.clock, options.ledger);
        let hooks = Hooks::new(PROVIDER, clock.clone(), ledger.clone(), Arc::new(carrier), options.seed);
        Ok(Self(Arc::new(Shared {
            world: Mutex::new(World::new(options.seed)),
            switches: Arc::new(Mutex::new(options.switches)),
            auth,
            ledger,
            clock,
            hooks,
        })))
    }

    /// Everything behind one router, for a socket or for use in process.
    pub fn router(&self) -> Router {
        let Shared { clock, ledger, switches, .. } = &*self.0;
        let (clock, ledger, switches) = (clock.clone(), ledger.clone(), Arc::clone(switches));
        let service = Router::new().route("/__met", get(met)).fallback(answer).with_state(self.clone());
        control::around(service, Controls { clock, ledger, switches }, PROVIDER)
    }

    /// Serves at `address`; port 0 takes any free one.
    pub async fn start(&self, address: SocketAddr) -> io::Result<Served> {
        self.start_from_afar(address, RoundTrip::NONE).await
    }

    /// Serves as [`GoogleSim::start`] does, with `distance` between it and its clients.
    pub async fn start_from_afar(&self, address: SocketAddr, distance: RoundTrip) -> io::Result<Served> {
        serve_from_afar(address, self.router(), distance).await
    }

    /// The clock.
    pub fn clock(&self) -> &SimClock {
        &self.0.clock
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// The authorization server, to revoke, expire and decide by hand.
    pub fn auth(&self) -> &AuthServer {
        &self.0.auth
    }

    /// The web hooks, to wait for them.
    pub fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    /// Lets another carrier take the web hooks from now on.
    pub fn carry_hooks_by(&self, carrier: Arc<dyn HookCarrier>) {
        self.0.hooks.set_carrier(carrier);
    }

    /// Accepts `token` as a bearer token of `mail` that never expires and allows everything.
    pub fn accept_token(&self, token: &str, mail: &str) {
        self.0.auth.accept_token(token, User(mail.to_owned()));
    }

    /// The switches as they are.
    pub fn switches(&self) -> Switches {
        hold(&self.0.switches).clone()
    }

    /// Changes switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut hold(&self.0.switches));
    }

    /// The fault that was asked for `call`.
    fn scripted(&self, call: &Call) -> Option<Fault> {
        let path = percent_encoding::percent_decode_str(&call.path).decode_utf8_lossy();
        scripted(&mut hold(&self.0.switches).scripted, &call.method, &path)
    }

    /// Answers one request of the API.
    fn api(&self, call: &Call, in_batch: bool) -> Handled {
        let scripted = self.scripted(call);
        let switches = self.switches();
        let mut world = hold(&self.0.world);
        let fault = scripted.or_else(|| faults::by_chance(&mut world.dice, &switches.faults, in_batch));
        if let Some(fault) = &fault {
            world.met.meet(fault.name());
        }
        if let Some(reply) = fault.as_ref().and_then(|fault| faults::instead(fault, &switches)) {
            return Handled::just(reply);
        }
        let now = self.0.clock.now();
        let mut handled = self.work(&mut world, call, &switches, now);
        match fault {
            Some(Fault::CutAfter) => handled.reply = Reply::cut(),
            Some(Fault::Slow { ms }) => handled.slow = Some(Duration::from_millis(ms)),
            _ => {}
        }
        handled
    }

    fn work(
        &self,
        world: &mut World,
        call: &Call,
        switches: &Switches,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Handled {
        let Some(access) = call.bearer().and_then(|bearer| self.0.auth.access_of(bearer)) else {
            return refused(world, &Problem::credentials(), switches);
        };
        let Some(operation) = Operation::of(call) else {
            return refused(world, &Problem::not_found(), switches);
        };
        let budgets = (&switches.quota, &world.met);
        let spent = world.quota.request(&access.client, &access.user.0, now, budgets);
        let checked = spent.and_then(|()| {
            let strict = if switches.strict_query { operation.check_query(call) } else { Ok(()) };
            strict.inspect_err(|_| world.met.meet("strict_query"))
        });
        let selection = call.query.get("fields").map(Selection::parse).transpose();
        let selection = match checked.and(selection) {
            Ok(selection) => selection,
            Err(problem) => return refused(world, &problem, switches),
        };
        let ledger = &self.0.ledger;
        let mut turn =
            Turn { call, access: &access, world, switches, ledger, now, hooks: Vec::new(), hook_first: None };
        match operation.run(&mut turn) {
            Ok(mut reply) => {
                if let (ReplyBody::Json(body), Some(selection)) = (&mut reply.body, selection) {
                    *body = selection.of(body);
                }
                Handled { reply, hooks: turn.hooks, first: turn.hook_first, slow: None }
            }
            Err(problem) => refused(turn.world, &problem, switches),
        }
    }

    /// Answers a batch. Others may be answered between two of its parts.
    async fn batch(&self, call: &Call) -> Handled {
        let scripted = self.scripted(call);
        let switches = self.switches();
        if let Some(reply) = scripted.as_ref().and_then(|fault| faults::instead(fault, &switches)) {
            return Handled::just(reply);
        }
        let parts = batch::parts(call, &switches, &hold(&self.0.world).met);
        let parts = match parts {
            Ok(parts) => parts,
            Err(problem) => return Handled::just(problem.reply(&switches)),
        };
        let (order, boundary) = {
            let mut world = hold(&self.0.world);
            if let Some(fault) = &scripted {
                world.met.meet(fault.name());
            }
            if switches.batch_shuffled {
                world.met.meet("batch_shuffled");
            }
            (batch::order(parts.len(), &switches, &mut world.dice), format!("batch_{}", world.draw_id(20)))
        };
        let clashing = if switches.batch_conflicts {
            batch::clashing(&parts)
        } else {
            std::collections::BTreeSet::new()
        };
        let mut whole = Handled::just(Reply::empty(StatusCode::OK));
        let mut replies = Vec::new();
        for at in order {
            let part = &parts[at];
            let handled = match &part.call {
                Err(problem) => Handled::just(problem.reply(&switches)),
                Ok(_) if clashing.contains(&at) => {
                    hold(&self.0.world).met.meet("batch_conflicts");
                    Handled::just(Problem::conflict().reply(&switches))
                }
                Ok(call) => {
                    self.take_time(switches.service_ms).await;
                    let handled = self.api(call, true);
                    self.note_part(call, &handled.reply);
                    handled
                }
            };
            let hooks = handled.hooks.into_iter().chain(handled.first);
            hooks.for_each(|hook| self.0.hooks.send(hook, &switches.push.plan));
            replies.push((part, handled.reply));
        }
        whole.reply = batch::answer(&replies, &boundary);
        match scripted {
            Some(Fault::CutAfter) => whole.reply = Reply::cut(),
            Some(Fault::Slow { ms }) => whole.slow = Some(Duration::from_millis(ms)),
            _ => {}
        }
        whole
    }

    async fn take_time(&self, millis: u32) {
        if millis > 0 {
            hold(&self.0.world).met.meet("service_ms");
            tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
        }
    }

    /// Notes a part of a batch as an exchange of its own.
    fn note_part(&self, call: &Call, reply: &Reply) {
        if !self.0.ledger.records_traffic() {
            return;
        }
        let body = match &reply.body {
            ReplyBody::Json(body) => body.to_string(),
            ReplyBody::Text(_, body) => body.clone(),
            ReplyBody::Empty | ReplyBody::Cut => String::new(),
        };
        self.0.ledger.exchange(Exchange::part(
            self.0.clock.now(),
            PROVIDER,
            (&call.method, &call.path, call.query_text.clone()),
            (&call.headers, &call.body),
            (reply.status, body),
        ));
    }

    fn sign_in(&self, call: &Call) -> Option<Reply> {
        let switches = self.switches().auth;
        let form = || Form::parse(&call.body);
        Some(match (&call.method, call.path.as_str()) {
            (&Method::GET, "/o/oauth2/v2/auth") => {
                oauth::authorized(self.0.auth.authorize(&call.query, &switches))
            }
            (&Method::POST, "/token") => {
                self.0.auth.token(&form(), call.header(header::AUTHORIZATION), &switches)
            }
            (&Method::POST, "/device/code") => self.0.auth.device(&form(), &switches),
            (&Method::POST, "/revoke") => {
                let form = if call.query.get("token").is_some() { call.query.clone() } else { form() };
                self.0.auth.revoke(&form)
            }
            _ => return None,
        })
    }
}

fn refused(world: &World, problem: &Problem, switches: &Switches) -> Handled {
    if switches.error_details && problem.has_detail() {
        world.met.meet("error_details");
    }
    Handled::just(problem.reply(switches))
}

async fn met(State(sim): State<GoogleSim>) -> Json<BTreeMap<&'static str, u64>> {
    Json(sim.met())
}

async fn answer(State(sim): State<GoogleSim>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = Call::new(parts.method, &parts.uri, parts.headers, body);
    if let Some(reply) = sim.sign_in(&call) {
        return reply.into_response();
    }
    let handled = if call.path.starts_with("/calendar/v3/") {
        sim.api(&call, false)
    } else if call.path == "/batch/calendar/v3" && call.method == Method::POST {
        sim.batch(&call).await
    } else {
        let page = "<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>".to_owned();
        Handled::just(Reply::text(StatusCode::NOT_FOUND, "text/html; charset=UTF-8", page))
    };
    if let Some(first) = &handled.first {
        // How it went stands in the ledger; the answer does not depend on it.
        drop(sim.0.hooks.ask(first, FIRST_HOOK_TIME_MAX).await);
    }
    let plan = sim.switches().push.plan;
    handled.hooks.into_iter().for_each(|hook| sim.0.hooks.send(hook, &plan));
    let response = handled.reply.into_response();
    match handled.slow {
        Some(slow) => slowly(response, slow).await,
        None => response,
    }
}

/// The same answer, its body in pieces over `time`.
async fn slowly(response: Response, time: Duration) -> Response {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let size = bytes.len().div_ceil(SLOW_PIECES).max(1);
    let pieces: Vec<Bytes> = bytes.chunks(size).map(Bytes::copy_from_slice).collect();
    let pause = time / u32::try_from(pieces.len().max(1)).unwrap_or(1);
    let pieces = stream::unfold(pieces.into_iter(), move |mut left| async move {
        let piece = left.next()?;
        tokio::time::sleep(pause).await;
        Some((Ok::<_, io::Error>(piece), left))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}
