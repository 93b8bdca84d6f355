//! Sign-in as people and attackers meet it, against a scripted token endpoint and a real loopback socket.

mod browser;
mod device;
mod renewal;
mod revoking;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use starmesh_provider::env::Clock;
use url::form_urlencoded;

use crate::error::HttpError;
use crate::transport::{Request, Response, Transport};

/// A token endpoint that answers as it was told, in order, and remembers what it was asked.
#[derive(Default)]
struct Endpoint {
    answers: Mutex<VecDeque<(StatusCode, String)>>,
    asked: Mutex<Vec<HashMap<String, String>>>,
}

impl Endpoint {
    fn answering(answers: impl IntoIterator<Item = (u16, &'static str)>) -> Arc<Self> {
        let answers = answers.into_iter();
        let answers = answers.map(|(status, body)| (StatusCode::from_u16(status).unwrap(), body.to_owned()));
        Arc::new(Self { answers: Mutex::new(answers.collect()), asked: Mutex::default() })
    }

    /// The forms that were sent.
    fn asked(&self) -> Vec<HashMap<String, String>> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Endpoint {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.asked.lock().unwrap().push(form_urlencoded::parse(request.body()).into_owned().collect());
        // Others run meanwhile, as with a real network.
        tokio::task::yield_now().await;
        let (status, body) = self.answers.lock().unwrap().pop_front().expect("another request than planned");
        let mut response = Response::new(body.into_bytes());
        *response.status_mut() = status;
        let json = http::HeaderValue::from_static("application/json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, json);
        Ok(response)
    }
}

/// A clock that is moved by hand.
struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(DateTime::<Utc>::UNIX_EPOCH)))
    }

    fn advance(&self, time: TimeDelta) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

const GRANTED: (u16, &str) = (
    200,
    r#"{"token_type":"Bearer","access_token":"access-1","refresh_token":"refresh-1","expires_in":3599,
        "scope":"https://graph.example/Calendars.ReadWrite"}"#,
);
