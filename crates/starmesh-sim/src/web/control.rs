//! The routes that no real service has. Each is below `/__`, open to everyone, and speaks JSON.
//!
//! | route | does |
//! |---|---|
//! | `GET /__clock` | the time |
//! | `POST /__clock {"advance_s": N}` | moves it |
//! | `GET /__ledger` | writes, notifications, deliveries |
//! | `GET /__traffic` | the recorded traffic |
//! | `POST /__traffic {"record": true}` | switches the record on or off |
//! | `GET /__switches` | the switches |
//! | `POST /__switches {…}` | sets the switches that are named, and leaves the rest |

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use starmesh_provider::env::Clock;

use super::clock::SimClock;
use super::ledger::{Ledger, LedgerPages};
use super::lock::hold;
use super::traffic::{Exchange, Recorder, record_traffic};

/// What the control routes act on.
#[derive(Clone)]
pub struct Controls {
    /// The clock that `/__clock` moves.
    pub clock: SimClock,
    /// The ledger that is shown.
    pub ledger: Ledger,
    /// The switches.
    pub switches: Arc<dyn Switchboard>,
}

/// A provider's switches behind JSON.
pub trait Switchboard: Send + Sync {
    /// All switches.
    fn read(&self) -> Value;

    /// Sets the switches that `changes` names; an error says what cannot be set.
    fn change(&self, changes: &Value) -> Result<Value, String>;
}

/// `switches` with the fields that `changes` names. Objects are merged, everything else is replaced.
pub fn changed<S: Serialize + DeserializeOwned>(switches: &S, changes: &Value) -> Result<S, String> {
    let mut merged = serde_json::to_value(switches).map_err(|error| error.to_string())?;
    merge(&mut merged, changes);
    serde_json::from_value(merged).map_err(|error| error.to_string())
}

fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(into.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (into, changes) => *into = changes.clone(),
    }
}

/// Switches that stand by themselves.
impl<S: Serialize + DeserializeOwned + Send> Switchboard for Mutex<S> {
    fn read(&self) -> Value {
        // A struct of plain values always has a JSON form.
        serde_json::to_value(&*hold(self)).unwrap_or_default()
    }

    fn change(&self, changes: &Value) -> Result<Value, String> {
        let mut switches = hold(self);
        *switches = changed(&*switches, changes)?;
        drop(switches);
        Ok(self.read())
    }
}

/// `service` beside the routes, with all traffic recorded as that of `provider`.
pub fn around(service: Router, controls: Controls, provider: &'static str) -> Router {
    let recorder = Recorder { ledger: controls.ledger.clone(), clock: controls.clock.clone(), provider };
    routes(controls).merge(service).layer(from_fn_with_state(recorder, record_traffic))
}

/// The routes.
pub fn routes(controls: Controls) -> Router {
    Router::new()
        .route("/__clock", get(clock).post(move_clock))
        .route("/__ledger", get(ledger))
        .route("/__traffic", get(traffic).post(switch_traffic))
        .route("/__switches", get(switches).post(switch))
        .with_state(controls)
}

async fn clock(State(controls): State<Controls>) -> Json<Value> {
    Json(json!({ "now": controls.clock.now() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockStep {
    advance_s: i64,
}

async fn move_clock(
    State(controls): State<Controls>,
    Json(step): Json<ClockStep>,
) -> Result<Json<Value>, (StatusCode, String)> {
    let step = TimeDelta::try_seconds(step.advance_s)
        .ok_or_else(|| (StatusCode::BAD_REQUEST, "advance_s is out of range".to_owned()))?;
    controls.clock.advance(step);
    Ok(clock(State(controls)).await)
}

async fn ledger(State(controls): State<Controls>) -> Json<LedgerPages> {
    Json(controls.ledger.pages())
}

#[derive(Serialize)]
struct Traffic {
    recording: bool,
    dropped: u64,
    read_at: DateTime<Utc>,
    exchanges: Vec<Exchange>,
}

async fn traffic(State(controls): State<Controls>) -> Json<Traffic> {
    let (exchanges, dropped) = controls.ledger.traffic();
    Json(Traffic {
        recording: controls.ledger.records_traffic(),
        dropped,
        read_at: controls.clock.now(),
        exchanges,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrafficSwitch {
    record: bool,
}

async fn switch_traffic(State(controls): State<Controls>, Json(switch): Json<TrafficSwitch>) -> Json<Value> {
    controls.ledger.record_traffic(switch.record);
    Json(json!({ "recording": switch.record }))
}

async fn switches(State(controls): State<Controls>) -> Json<Value> {
    Json(controls.switches.read())
}

async fn switch(
    State(controls): State<Controls>,
    Json(changes): Json<Value>,
) -> Result<Json<Value>, (StatusCode, String)> {
    controls.switches.change(&changes).map(Json).map_err(|problem| (StatusCode::BAD_REQUEST, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        a: u32,
        inner: Inner,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        b: bool,
        c: Vec<u32>,
    }

    #[test]
    fn only_the_named_switches_change_and_unknown_ones_are_refused() {
        let before = Outer { a: 1, inner: Inner { b: false, c: vec![1, 2] } };
        let after = changed(&before, &json!({ "inner": { "c": [3] } })).unwrap();
        assert_eq!(after, Outer { a: 1, inner: Inner { b: false, c: vec![3] } });
        assert!(changed(&before, &json!({ "inner": { "d": 1 } })).unwrap_err().contains("`d`"));
        assert!(changed(&before, &json!({ "a": "x" })).is_err());
    }
}
