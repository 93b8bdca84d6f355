//! The simulated server as a whole.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{ALLOW, LOCATION};
use http::{HeaderName, StatusCode};
use starmesh_provider::env::Clock as _;

use super::call::{Answer, Call, PROVIDER, Turn};
use super::met::COUNTABLE;
use super::place::Place;
use super::refusal::Refusal;
use super::switches::{Fault, Switches};
use super::world::World;
use super::{faults, make, propfind, read, report, sign_in, write};
use crate::web::control::{self, Controls};
use crate::web::{Ledger, Reply, Served, SimClock, hold, scripted, serve};

/// The largest body that is taken, in bytes.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What the server can do (RFC 4918, section 10.1).
const ABILITIES: &str = "1, 3, access-control, calendar-access, sync-collection";
/// The methods it knows.
const METHODS: &str = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, REPORT, MKCALENDAR";

/// How a simulator is built.
#[derive(Clone)]
pub struct CaldavOptions {
    /// Everything random is drawn from it.
    pub seed: u64,
    /// The time.
    pub clock: SimClock,
    /// Where everything is noted; several simulators may share one.
    pub ledger: Ledger,
    /// The switches to begin with.
    pub switches: Switches,
}

impl Default for CaldavOptions {
    fn default() -> Self {
        Self { seed: 0, clock: SimClock::real(), ledger: Ledger::new(), switches: Switches::default() }
    }
}

/// A simulated CalDAV server. Clones share everything.
#[derive(Clone)]
pub struct CaldavSim(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) world: Mutex<World>,
    pub(super) switches: Arc<Mutex<Switches>>,
    pub(super) ledger: Ledger,
    pub(super) clock: SimClock,
}

impl CaldavSim {
    /// A server without people.
    pub fn new(options: CaldavOptions) -> Self {
        Self(Arc::new(Shared {
            world: Mutex::new(World::new(options.seed)),
            switches: Arc::new(Mutex::new(options.switches)),
            ledger: options.ledger,
            clock: options.clock,
        }))
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
        serve(address, self.router()).await
    }

    /// The clock.
    pub fn clock(&self) -> &SimClock {
        &self.0.clock
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// The switches as they are.
    pub fn switches(&self) -> Switches {
        hold(&self.0.switches).clone()
    }

    /// Changes switches.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut hold(&self.0.switches));
    }

    /// How often each fault was met, and each habit made a difference: `fault.cut_after`,
    /// `sync.dead_token.forbidden`.
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        hold(&self.0.world).met.counts()
    }

    /// The names of everything that [`met`](Self::met) can count.
    pub fn countable() -> &'static [&'static str] {
        COUNTABLE
    }

    fn handle(&self, call: &Call) -> Reply {
        let scripted = scripted(&mut hold(&self.0.switches).scripted, &call.method, &call.plain_path);
        let switches = self.switches();
        let mut world = hold(&self.0.world);
        let fault = scripted.or_else(|| faults::by_chance(&mut world.dice.borrow_mut(), &switches.faults));
        if let Some(reply) = fault.as_ref().and_then(faults::instead) {
            fault.iter().for_each(|fault| world.met.meet(fault.name()));
            return reply;
        }
        let tokens_dead = fault == Some(Fault::DeadToken);
        let spelling = switches.hrefs.spelling;
        let mut reply = self
            .work(&mut world, call, &switches, tokens_dead)
            .unwrap_or_else(|refusal| refusal.reply(spelling));
        if let Some(fault) = fault.filter(|fault| faults::afterwards(fault, &mut reply)) {
            world.met.meet(fault.name());
        }
        reply
    }

    fn work(&self, world: &mut World, call: &Call, switches: &Switches, tokens_dead: bool) -> Answer {
        let place = Place::at(&call.path);
        if place == Place::WellKnown {
            return well_known(world, switches);
        }
        let Some(me) = sign_in::person(call, world) else { return Err(sign_in::challenge(world, switches)) };
        let now = self.0.clock.now();
        if let Err(refusal) = world.throttle.request(&me, now, &switches.throttle) {
            world.met.meet("throttle.refused");
            return Err(refusal);
        }
        let ledger = &self.0.ledger;
        let mut turn = Turn { call, me: &me, world, switches, ledger, now, tokens_dead };
        if let Some(redirect) = slashless(&turn, &place) {
            return Ok(redirect);
        }
        match call.method.as_str() {
            "OPTIONS" => Ok(Reply::empty(StatusCode::OK)
                .with_header(HeaderName::from_static("dav"), ABILITIES)
                .with_header(ALLOW, METHODS)),
            "PROPFIND" => propfind::answer(&turn, &place),
            "REPORT" => report::answer(&turn, &place),
            "GET" | "HEAD" => read::answer(&turn, &place),
            "PUT" => write::put(&mut turn, &place),
            "DELETE" => write::delete(&mut turn, &place),
            "MKCALENDAR" => make::answer(&mut turn, &place),
            _ => Err(Refusal::status(StatusCode::METHOD_NOT_ALLOWED).with_header(ALLOW, METHODS)),
        }
    }
}

/// Leads from the well-known place to the root (RFC 6764, section 5); everybody may know.
fn well_known(world: &World, switches: &Switches) -> Answer {
    let status = switches.discovery.well_known.and_then(|status| StatusCode::from_u16(status).ok());
    let Some(status) = status else {
        world.met.meet("discovery.no_well_known");
        return Err(Refusal::not_found());
    };
    world.met.meet("discovery.well_known");
    Ok(Reply::empty(status).with_header(LOCATION, "/"))
}

/// The redirect of a collection's path that lacks its last slash, where this server makes one.
fn slashless(turn: &Turn<'_>, place: &Place) -> Option<Reply> {
    let is_collection = matches!(place, Place::Principal(_) | Place::Home(_) | Place::Calendar(..));
    let redirects = turn.switches.hrefs.slash_redirect && turn.call.method != "MKCALENDAR";
    if !redirects || !is_collection || turn.call.path.ends_with('/') {
        return None;
    }
    turn.meet("hrefs.slash_redirect");
    Some(Reply::empty(StatusCode::MOVED_PERMANENTLY).with_header(LOCATION, &turn.href(place)))
}

async fn met(State(sim): State<CaldavSim>) -> Json<BTreeMap<&'static str, u64>> {
    Json(sim.met())
}

async fn answer(State(sim): State<CaldavSim>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let call = Call::new(parts.method, &parts.uri, parts.headers, body);
    sim.handle(&call).into_response()
}
