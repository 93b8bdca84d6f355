//! A mailbox's way to its server: one queue for everything that is asked of it.
//!
//! The service counts requests under way and per time for each mailbox, the parts of a batch included. So
//! a batch takes as many of the slots as it has parts under way, and a pause that any answer orders, be it
//! for one part of a batch, holds for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderValue;
use starmesh_http::{Governor, GovernorSettings, HttpError, Paused, Request, Transport, retry_after};
use starmesh_provider::env::{Clock, Entropy};
use starmesh_provider::{ErrorKind, ProviderError, Result};

use crate::batch::{self, PARTS_MAX};
use crate::call::{Answer, Call, Target, request_id};
use crate::client::GraphNetwork;
use crate::errors::{About, refusal, unexpected};
use crate::mailbox::Endpoints;

/// How many requests to one mailbox may be under way at once.
pub const CONCURRENCY: usize = 4;

/// How often a request is sent before its refusal counts.
const ATTEMPTS_MAX: u32 = 4;

/// The first wait after trouble of the server's own; doubles with each further one, and is drawn at random
/// between half and the whole of it.
const TROUBLE_PAUSE_FIRST: Duration = Duration::from_secs(1);

/// The status of a part whose token is not accepted.
const UNAUTHORIZED: u16 = 401;

/// The queue of one mailbox.
pub(crate) struct Connection {
    http: Arc<dyn Transport>,
    governor: Governor,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    endpoints: Endpoints,
    host: String,
    /// How many parts of a batch were let in lately, of a batch that was not let in whole. What is refused counts
    /// against the mailbox's budget as well, so that the next batch is no larger; it grows again when all of its
    /// parts are let in.
    room: AtomicUsize,
}

impl Connection {
    pub(crate) fn new(network: &GraphNetwork, endpoints: Endpoints) -> Self {
        let api = endpoints.api();
        let host = match (api.host_str(), api.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => "the server".to_owned(),
        };
        Self {
            http: Arc::clone(&network.http),
            governor: Governor::new(GovernorSettings { concurrency: CONCURRENCY, budget: network.budget }),
            clock: Arc::clone(&network.clock),
            entropy: Arc::clone(&network.entropy),
            endpoints,
            host,
            room: AtomicUsize::new(PARTS_MAX),
        }
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// What a refusal means. The log names it as the service does, so that its support can look it up.
    pub(crate) fn refusal(&self, answer: &Answer, about: About) -> ProviderError {
        if !answer.is_success() {
            let request = answer.request_id.as_deref().unwrap_or_default();
            tracing::debug!(
                host = self.host,
                status = answer.status,
                request,
                ?about,
                "a request was refused"
            );
        }
        refusal(&self.host, answer, about)
    }

    /// An answer that cannot be read.
    pub(crate) fn unexpected(&self) -> ProviderError {
        unexpected(&self.host)
    }

    /// Sends `call`. What can be repeated without harm is repeated a few times when the server asks to
    /// slow down or has trouble of its own; any other status is an answer.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer> {
        let mut attempt = 1;
        loop {
            let outcome = self.exchange(call, 1).await;
            let again = attempt < ATTEMPTS_MAX
                && match &outcome {
                    Err(error) => is_throttled(error) && !self.governor.is_paused_for_long(),
                    Ok(answer) => is_trouble(answer.status) && may_repeat(call),
                };
            if !again {
                return outcome;
            }
            if outcome.is_ok() {
                self.wait_out_trouble(attempt).await;
            }
            attempt += 1;
        }
    }

    /// Sends `calls`, as few exchanges as possible, and gives their answers in order. A part that is
    /// refused for its haste is repeated after the longest delay that any part asked for.
    pub(crate) async fn send_all(&self, calls: &[Call]) -> Vec<Result<Answer>> {
        let mut answers = Vec::with_capacity(calls.len());
        for calls in calls.chunks(PARTS_MAX) {
            if let [call] = calls {
                answers.push(self.send(call).await);
            } else {
                let mut parts = self.send_batch(calls).await;
                self.send_denied_alone(calls, &mut parts).await;
                answers.extend(parts);
            }
        }
        answers
    }

    async fn send_batch(&self, calls: &[Call]) -> Vec<Result<Answer>> {
        let missing =
            || Err(ProviderError::new(ErrorKind::InvalidData, format!("{} left out an answer", self.host)));
        let mut answers: Vec<Result<Answer>> = calls.iter().map(|_| missing()).collect();
        let mut pending: Vec<usize> = (0..calls.len()).collect();
        // Attempts that brought nothing on: a service that takes four parts of twenty takes all in five.
        let mut futile = 0;
        while futile < ATTEMPTS_MAX {
            futile += 1;
            let room = self.room.load(Ordering::Relaxed).min(pending.len());
            let (sent, waiting) = pending.split_at(room);
            let parts = match self.exchange_batch(calls, sent).await {
                Ok(parts) => parts,
                Err(error) => {
                    // A batch refused as a whole did nothing, and a part repeats as safely as a call.
                    let wait = is_throttled(&error) && !self.governor.is_paused_for_long();
                    for position in &pending {
                        answers[*position] = Err(error.clone());
                    }
                    if wait {
                        continue;
                    }
                    return answers;
                }
            };
            let mut hasty = Vec::new();
            for (position, part) in parts {
                // Only what is still open can be answered: a number of somebody else's is no answer.
                if !sent.contains(&position) {
                    continue;
                }
                if is_haste(part.status) || (is_trouble(part.status) && may_repeat(&calls[position])) {
                    hasty.push((position, part.retry_after));
                }
                answers[position] = Ok(part);
            }
            let let_in = sent.len().saturating_sub(hasty.len());
            if let_in > 0 {
                futile = 0;
                self.governor.answered();
            }
            let room = if hasty.is_empty() { (2 * room).min(PARTS_MAX) } else { let_in.max(1) };
            self.room.store(room, Ordering::Relaxed);
            pending = hasty.iter().map(|(position, _)| *position).chain(waiting.iter().copied()).collect();
            if pending.is_empty() {
                return answers;
            }
            if hasty.is_empty() {
                continue;
            }
            self.governor.pause(hasty.iter().filter_map(|(_, delay)| *delay).max());
            if self.governor.is_paused_for_long() {
                break;
            }
        }
        answers
    }

    /// Sends the parts again whose token died while the batch was under way: by itself each goes through the
    /// transport, which may know a fresher one. When it does not, it is not asked again.
    async fn send_denied_alone(&self, calls: &[Call], answers: &mut [Result<Answer>]) {
        let is_denied = |answer: &Result<Answer>| matches!(answer, Ok(part) if part.status == UNAUTHORIZED);
        for (call, answer) in calls.iter().zip(answers) {
            if is_denied(answer) {
                *answer = self.send(call).await;
                if is_denied(answer) {
                    break;
                }
            }
        }
    }

    async fn exchange_batch(&self, calls: &[Call], pending: &[usize]) -> Result<Vec<(usize, Answer)>> {
        let batch = batch::compose(pending.iter().map(|position| (*position, &calls[*position])));
        let mut trouble = 1;
        let answer = loop {
            let answer = self.exchange(&batch, pending.len()).await?;
            let repeats = pending.iter().all(|position| may_repeat(&calls[*position]));
            if !is_trouble(answer.status) || !repeats || trouble == ATTEMPTS_MAX {
                break answer;
            }
            self.wait_out_trouble(trouble).await;
            trouble += 1;
        };
        if !answer.is_success() {
            return Err(self.refusal(&answer, About::Home));
        }
        batch::parse(&answer, self.clock.now()).ok_or_else(|| self.unexpected())
    }

    /// One exchange that carries `parts` requests.
    async fn exchange(&self, call: &Call, parts: usize) -> Result<Answer> {
        let request = self.request(call)?;
        let too_long = |paused: Paused| {
            let kind = ErrorKind::Throttled { retry_after: Some(paused.remaining) };
            ProviderError::new(kind, format!("{} asks to slow down", self.host))
        };
        let _slots = self.governor.admit(parts).await.map_err(too_long)?;
        let response = self.http.send(request).await.map_err(|error| self.unanswered(error))?;
        let now = self.clock.now();
        let answer = Answer {
            status: response.status().as_u16(),
            retry_after: retry_after(response.headers(), now),
            request_id: request_id(response.headers()),
            body: response.into_body(),
        };
        let asks_to_wait =
            is_haste(answer.status) || (is_trouble(answer.status) && answer.retry_after.is_some());
        if asks_to_wait {
            self.governor.pause(answer.retry_after);
            let refused = self.refusal(&answer, About::Home);
            let kind = ErrorKind::Throttled { retry_after: Some(self.governor.paused_for()) };
            return Err(ProviderError::new(kind, refused.message));
        }
        // A batch may be answered while its parts are refused.
        if parts == 1 {
            self.governor.answered();
        }
        Ok(answer)
    }

    /// A failed exchange; one that the transport calls hasty pauses the mailbox here, too.
    fn unanswered(&self, error: HttpError) -> ProviderError {
        if let HttpError::Throttled { retry_after, .. } = &error {
            self.governor.pause(*retry_after);
        }
        error.into()
    }

    async fn wait_out_trouble(&self, attempt: u32) {
        let whole = TROUBLE_PAUSE_FIRST.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
        tokio::time::sleep(whole.mul_f64(0.5 + self.entropy.fraction() / 2.0)).await;
    }

    fn request(&self, call: &Call) -> Result<Request> {
        let unusable = || ProviderError::new(ErrorKind::Refused, "the request cannot be made");
        let url = match &call.target {
            Target::Path(path) => self.endpoints.url(path),
            Target::Link(link) if self.endpoints.holds(link) => link.to_string(),
            Target::Link(_) => {
                let message = format!("{} sends us on to another server", self.host);
                return Err(ProviderError::new(ErrorKind::InvalidData, message));
            }
        };
        let mut request = Request::new(match &call.body {
            Some(body) => body.to_string().into_bytes(),
            None => Vec::new(),
        });
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = url.parse().map_err(|_| unusable())?;
        for (name, value) in call.headers() {
            // An etag that cannot be sent back matches nothing, and must not be left out.
            let value = HeaderValue::from_str(&value).map_err(|_| unusable())?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }
}

/// A refusal for haste: nothing was done, so that anything may be repeated.
fn is_haste(status: u16) -> bool {
    matches!(status, 429 | 509)
}

/// Trouble of the server's own, which often is over in a moment.
fn is_trouble(status: u16) -> bool {
    matches!(status, 500 | 502 | 503 | 504 | 424)
}

/// True for what does no harm when it was carried out already: everything but a creation without an
/// identity.
fn may_repeat(call: &Call) -> bool {
    let has_identity = call.body.as_ref().is_some_and(|body| body.get("transactionId").is_some());
    call.method != http::Method::POST || has_identity
}

fn is_throttled(error: &ProviderError) -> bool {
    matches!(error.kind, ErrorKind::Throttled { .. })
}

#[cfg(test)]
mod tests;
