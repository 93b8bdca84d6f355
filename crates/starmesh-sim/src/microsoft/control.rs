//! The routes that no real service has: those of [`web::control`](crate::web::control), and these.
//!
//! | route | does |
//! |---|---|
//! | `GET /__met` | how often each fault was met and each switch made a difference |
//! | `GET /__faults` | the rules that are left |
//! | `POST /__faults` | adds a rule, or a list of them ([`FaultRule`]) |
//! | `DELETE /__faults` | forgets all rules |
//! | `POST /__deliver` | sends the notifications that are due; `{"posts": N}` |
//! | `POST /__lifecycle {"subscription": ID, "event": NAME}` | tells a subscription something |
//! | `POST /__device {"user_code": CODE, "approve": BOOL}` | the person decides about a device code |

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::FaultRule;
use super::gate::Gate;
use super::push::Lifecycle;
use super::push::delivery::deliver_due;
use super::world::World;
use crate::web::control::{Switchboard, changed};
use crate::web::hold;

/// The switches of a world behind JSON.
pub(crate) struct WorldSwitches(pub(crate) Arc<Mutex<World>>);

impl Switchboard for WorldSwitches {
    fn read(&self) -> Value {
        serde_json::to_value(&hold(&self.0).switches).unwrap_or_default()
    }

    fn change(&self, changes: &Value) -> Result<Value, String> {
        let mut world = hold(&self.0);
        world.switches = changed(&world.switches, changes)?;
        serde_json::to_value(&world.switches).map_err(|error| error.to_string())
    }
}

/// The routes of this provider alone.
pub(crate) fn routes(gate: Gate) -> Router {
    Router::new()
        .route("/__faults", get(faults).post(add_faults).delete(clear_faults))
        .route("/__met", get(met))
        .route("/__deliver", post(deliver))
        .route("/__lifecycle", post(lifecycle))
        .route("/__device", post(device))
        .with_state(gate)
}

async fn met(State(gate): State<Gate>) -> Json<BTreeMap<&'static str, u64>> {
    Json(gate.met())
}

async fn faults(State(gate): State<Gate>) -> Json<Value> {
    Json(serde_json::to_value(&hold(&gate.world).faults).unwrap_or_default())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    Many(Vec<FaultRule>),
    One(FaultRule),
}

async fn add_faults(State(gate): State<Gate>, Json(rules): Json<Rules>) -> Json<Value> {
    let rules = match rules {
        Rules::Many(rules) => rules,
        Rules::One(rule) => vec![rule],
    };
    {
        let mut world = hold(&gate.world);
        rules.into_iter().for_each(|rule| world.faults.add(rule));
    }
    faults(State(gate)).await
}

async fn clear_faults(State(gate): State<Gate>) -> Json<Value> {
    hold(&gate.world).faults.clear();
    faults(State(gate)).await
}

async fn deliver(State(gate): State<Gate>) -> Json<Value> {
    Json(json!({"posts": deliver_due(&gate.world, &gate.hooks).await}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    subscription: String,
    event: Lifecycle,
}

async fn lifecycle(State(gate): State<Gate>, Json(told): Json<Told>) -> StatusCode {
    let known = hold(&gate.world).lifecycle(&told.subscription, told.event);
    if known { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    user_code: String,
    approve: bool,
}

async fn device(State(gate): State<Gate>, Json(decision): Json<Decision>) -> StatusCode {
    let known = gate.auth.decide_device(&decision.user_code, decision.approve);
    if known { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND }
}
