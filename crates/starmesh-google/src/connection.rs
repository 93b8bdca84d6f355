//! An account's way to Google: paced, in batches, and again where a refusal passes by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use starmesh_http::{Budget, HttpError, Pace, Paused, Request, Response, Transport};
use starmesh_provider::env::Entropy;
use starmesh_provider::{ErrorKind, ProviderError, Result};
use url::Url;

use crate::batch::{self, BATCH_MAX};
use crate::endpoints::Endpoints;
use crate::errors::{Asked, Refusal, asked_delay, refused};

/// How often one request is sent to a server that asks to slow down.
const TRIES_MAX: u32 = 4;

/// How often the parts of a batch are sent that were refused for a moment or got no answer.
const PART_TRIES_MAX: u32 = 4;

/// The longest delay that is waited for here; a longer one is the caller's to plan with.
const DELAY_WAIT_MAX: Duration = Duration::from_secs(64);

/// The longest delay between two tries of our own choice (guide "Handle API errors": truncated exponential
/// back-off).
const BACKOFF_MAX: Duration = Duration::from_secs(64);

/// An account's own transport, its budget and its addresses.
pub(crate) struct Connection {
    transport: Arc<dyn Transport>,
    entropy: Arc<dyn Entropy>,
    pace: Pace,
    pub(crate) endpoints: Endpoints,
}

/// What becomes of a part of a batch.
enum Verdict {
    /// This is its answer.
    Final,
    /// It is sent again with the others.
    Again,
    /// It is sent again by itself.
    Alone,
}

impl Connection {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        entropy: Arc<dyn Entropy>,
        endpoints: Endpoints,
        budget: Budget,
    ) -> Self {
        Self { transport, entropy, pace: Pace::new(budget), endpoints }
    }

    /// The host that answers, for messages.
    pub(crate) fn host(&self) -> String {
        host(&self.endpoints.api)
    }

    /// Sends `request`; any status but a request to slow down is an answer.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response> {
        self.send_counted(request, 1).await
    }

    /// Sends `requests`, in batches where there are several, and gives each its answer, in order.
    ///
    /// A part may be carried out twice, when its answer was lost: every request has to bear that.
    pub(crate) async fn send_all(&self, requests: &[Request]) -> Vec<Result<Response>> {
        let mut answers: Vec<Result<Response>> = requests.iter().map(|_| Err(self.no_answer())).collect();
        let mut waiting: Vec<usize> = (0..requests.len()).collect();
        let mut alone = Vec::new();
        for tries in 0..PART_TRIES_MAX {
            if waiting.len() <= 1 {
                break;
            }
            let mut again = Vec::new();
            let mut delay = backoff(tries, self.entropy.fraction());
            for numbers in waiting.chunks(BATCH_MAX) {
                let mut parts = match self.send_batch(requests, numbers).await {
                    Ok(parts) => parts,
                    Err(error) => {
                        numbers.iter().for_each(|number| answers[*number] = Err(error.clone()));
                        continue;
                    }
                };
                for number in numbers {
                    let part = parts.remove(number);
                    match verdict(part.as_ref()) {
                        Verdict::Final => {}
                        Verdict::Again => {
                            delay = delay.max(part.as_ref().and_then(asked_delay).unwrap_or_default());
                            again.push(*number);
                        }
                        Verdict::Alone => alone.push(*number),
                    }
                    answers[*number] = part.ok_or_else(|| self.no_answer());
                }
            }
            let is_last = tries + 1 == PART_TRIES_MAX || delay > DELAY_WAIT_MAX;
            waiting = if is_last { Vec::new() } else { again };
            if !waiting.is_empty() {
                self.pace.pause_for(delay);
            }
        }
        alone.append(&mut waiting);
        let mut stop: Option<ProviderError> = None;
        for number in alone {
            let answer = match &stop {
                Some(error) => Err(error.clone()),
                None => self.send(&requests[number]).await,
            };
            stop = stop.or_else(|| self.stops(&answer));
            answers[number] = answer;
        }
        answers
    }

    /// The answers to one batch, by number.
    async fn send_batch(&self, requests: &[Request], numbers: &[usize]) -> Result<BTreeMap<usize, Response>> {
        let parts: Vec<(usize, &Request)> =
            numbers.iter().map(|number| (*number, &requests[*number])).collect();
        let request = batch::prepare(&self.endpoints.batch, &self.random_name(), &parts);
        let response = self.send_counted(&request, u32::try_from(parts.len()).unwrap_or(u32::MAX)).await?;
        if !response.status().is_success() {
            return Err(refused(&host(&self.endpoints.batch), &response, Asked::Home));
        }
        batch::parse(&response).ok_or_else(|| self.no_answer())
    }

    /// Sends a request that counts as so many.
    async fn send_counted(&self, request: &Request, count: u32) -> Result<Response> {
        let mut tries = 0;
        loop {
            let too_long = |paused: Paused| self.slow_down(paused.remaining);
            self.pace.admit(count, DELAY_WAIT_MAX).await.map_err(too_long)?;
            let asked = match self.transport.send(request.clone()).await {
                Ok(response) if limits_rate(&response) => asked_delay(&response),
                Ok(response) => return Ok(response),
                Err(HttpError::Throttled { retry_after, .. }) => retry_after,
                Err(error) => return Err(error.into()),
            };
            let delay = backoff(tries, self.entropy.fraction()).max(asked.unwrap_or_default());
            tries += 1;
            if tries == TRIES_MAX || delay > DELAY_WAIT_MAX {
                return Err(self.slow_down(delay));
            }
            self.pace.pause_for(delay);
        }
    }

    fn slow_down(&self, delay: Duration) -> ProviderError {
        let kind = ErrorKind::Throttled { retry_after: Some(delay) };
        ProviderError::new(kind, format!("{} asks to slow down", self.host()))
    }

    /// The error by which further requests would fail as well.
    fn stops(&self, answer: &Result<Response>) -> Option<ProviderError> {
        match answer {
            Ok(response) if response.status() == http::StatusCode::UNAUTHORIZED => {
                Some(refused(&self.host(), response, Asked::Home))
            }
            Ok(_) => None,
            Err(error) => Some(error.clone()),
        }
    }

    fn no_answer(&self) -> ProviderError {
        let message = format!("{} left a request without an answer", self.host());
        ProviderError::new(ErrorKind::InvalidData, message)
    }

    /// A name that nobody has used before.
    pub(crate) fn random_name(&self) -> String {
        let mut bytes = [0; 16];
        self.entropy.fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn verdict(part: Option<&Response>) -> Verdict {
    let Some(part) = part else { return Verdict::Again };
    if part.status().is_success() {
        return Verdict::Final;
    }
    let refusal = Refusal::of(part);
    if refusal.is_rate() || refusal.is_trouble() {
        Verdict::Again
    } else if refusal.is_clash() || part.status() == http::StatusCode::UNAUTHORIZED {
        // By itself it goes through the transport, which may know fresher credentials.
        Verdict::Alone
    } else {
        Verdict::Final
    }
}

fn limits_rate(response: &Response) -> bool {
    matches!(response.status().as_u16(), 403 | 429) && Refusal::of(response).is_rate()
}

/// The delay before try number `tries` + 1: 2^`tries` seconds and up to one more, at most [`BACKOFF_MAX`].
/// `fraction` is random, in `[0, 1)`.
fn backoff(tries: u32, fraction: f64) -> Duration {
    let doubled = Duration::from_secs(2u64.saturating_pow(tries.min(16)));
    (doubled + Duration::from_secs(1).mul_f64(fraction)).min(BACKOFF_MAX)
}

/// The host of `url` with its port, for messages.
fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the server".to_owned(),
    }
}

#[cfg(test)]
mod tests;
