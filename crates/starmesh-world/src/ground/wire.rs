//! One device's way to one simulated service, and the weather on it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderValue, Method, StatusCode, header};
use starmesh_core::ids::AccountId;
use starmesh_http::{HttpError, Request, Response, Transport, Unreachable};
use starmesh_sim::caldav::{CaldavSim, EtagSource};
use starmesh_sim::google::GoogleSim;
use starmesh_sim::microsoft::MicrosoftSim;
use starmesh_sim::web::Cut;
use tower::ServiceExt as _;
use url::Url;

use crate::clock::WorldClock;
use crate::lifeline::Lifeline;
use crate::memory::{FaultKind, Owner, Universe};
use crate::span::wall_clock;
use crate::venue::Venue;

tokio::task_local! {
    /// The device whose request is being answered.
    pub(super) static DEVICE: u8;
}

/// Where the CalDAV server is.
pub(super) const DAV: &str = "https://caldav.example.org/";
/// Where the homes of its people are, at a server that is spread over several hosts.
pub(super) const DAV_PARTITION: &str = "https://p42-caldav.example.org";
/// The longest way of a request or an answer, in milliseconds.
const WAY_MS_MAX: u64 = 80;
/// The longest way while answers are reordered, in milliseconds.
const SLOW_WAY_MS_MAX: u64 = 4_000;
/// The longest delay that a refusal names, in seconds.
const RETRY_AFTER_S_MAX: u64 = 90;

/// A simulated service at which people sign in with a browser.
#[derive(Clone)]
pub(super) enum WebHost {
    /// Google.
    Google(GoogleSim),
    /// Microsoft.
    Microsoft(MicrosoftSim),
}

impl WebHost {
    /// Where the API is.
    pub(super) fn api(&self) -> Url {
        match self {
            Self::Google(_) => url("https://www.googleapis.com/calendar/v3"),
            Self::Microsoft(_) => url("https://graph.microsoft.com/v1.0"),
        }
    }
}

/// A simulated service.
#[derive(Clone)]
pub(super) enum Host {
    /// One of the two.
    Web(WebHost),
    /// The CalDAV server.
    Caldav(CaldavSim),
}

impl Host {
    pub(super) fn router(&self) -> Router {
        match self {
            Self::Web(WebHost::Google(sim)) => sim.router(),
            Self::Web(WebHost::Microsoft(sim)) => sim.router(),
            Self::Caldav(sim) => sim.router(),
        }
    }

    /// True when the version of an item depends on what it says, private text of persons in it included.
    fn makes_versions_of_text(&self) -> bool {
        matches!(self, Self::Caldav(sim) if sim.switches().etags.source == EtagSource::Text)
    }
}

/// The way.
pub(super) struct Wire {
    pub(super) host: Host,
    pub(super) router: Router,
    pub(super) account: AccountId,
    pub(super) device: u8,
    pub(super) life: Arc<Lifeline>,
    pub(super) clock: Arc<WorldClock>,
    pub(super) universe: Arc<Universe>,
    pub(super) venues: Vec<Arc<dyn Venue>>,
}

impl Wire {
    async fn travel(&self) {
        let way = self.universe.with_faults(|faults| {
            let slow = faults.strikes(FaultKind::Reordered);
            1 + faults.dice().below(if slow { SLOW_WAY_MS_MAX } else { WAY_MS_MAX })
        });
        tokio::time::sleep(Duration::from_millis(way)).await;
    }

    /// A request for the trace: every byte of it counts, so that what it must not depend on can be told by two
    /// runs that differ in that alone. Only the version that a server makes of a text, and that goes back to it,
    /// does not.
    fn named(&self, request: &Request) -> String {
        let mut hasher = DefaultHasher::new();
        request.uri().to_string().hash(&mut hasher);
        let of_text = self.host.makes_versions_of_text();
        for (name, value) in request.headers() {
            let value = if of_text && name == header::IF_MATCH { b"" } else { value.as_bytes() };
            (name.as_str(), value).hash(&mut hasher);
        }
        request.body().hash(&mut hasher);
        let (device, account, digest) = (self.device, &self.account, hasher.finish());
        format!("device {device} {account}: {} {} {digest:016x}", request.method(), request.uri().path())
    }

    /// What becomes of a request on its way; `None` when it arrives.
    fn weather(&self, request: &Request) -> Option<Result<Response, HttpError>> {
        let strikes = |kind| self.universe.with_faults(|faults| faults.strikes(kind));
        if strikes(FaultKind::Offline) {
            return Some(Err(unreachable(request, Unreachable::Connect)));
        }
        let query = request.uri().query().unwrap_or_default();
        let goes_on = query.contains("pageToken") || query.contains("skiptoken") || query.contains("$skip");
        if goes_on && strikes(FaultKind::PageLost) {
            return Some(Err(unreachable(request, Unreachable::Broken)));
        }
        if strikes(FaultKind::ServerError) {
            return Some(Ok(self.in_trouble()));
        }
        if strikes(FaultKind::Throttled) {
            return Some(Ok(self.too_many()));
        }
        None
    }

    /// A gateway's own answer, which has no form of any API.
    fn in_trouble(&self) -> Response {
        let (status, with_page) = self.universe.with_faults(|faults| {
            let statuses = [
                StatusCode::INTERNAL_SERVER_ERROR,
                StatusCode::BAD_GATEWAY,
                StatusCode::SERVICE_UNAVAILABLE,
                StatusCode::GATEWAY_TIMEOUT,
            ];
            let status = faults.dice().pick(&statuses).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, faults.dice().chance(500))
        });
        let body = if with_page { "<!DOCTYPE html><title>Trouble</title><p>Sorry.</p>" } else { "" };
        let mut response = Response::new(body.as_bytes().to_vec());
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        response
    }

    /// A request to slow down, in each of its forms.
    fn too_many(&self) -> Response {
        let (form, seconds) = self
            .universe
            .with_faults(|faults| (faults.dice().below(4), 1 + faults.dice().below(RETRY_AFTER_S_MAX)));
        let mut response = Response::new(Vec::new());
        *response.status_mut() =
            if form == 3 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::TOO_MANY_REQUESTS };
        let after = match form {
            0 => None,
            1 => Some(self.date_in(seconds)),
            _ => Some(seconds.to_string()),
        };
        if let Some(value) = after.and_then(|after| HeaderValue::from_str(&after).ok()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }

    fn date_in(&self, seconds: u64) -> String {
        let seconds = i64::try_from(seconds).unwrap_or(0);
        wall_clock(self.clock.seconds() + seconds).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// What happens at the service right before the request arrives.
    fn meanwhile(&self, request: &Request) {
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        if writes.contains(request.method())
            && self.universe.with_faults(|faults| faults.strikes(FaultKind::TouchedMeanwhile))
        {
            self.touch(request);
        }
        let goes_on = match &self.host {
            Host::Web(WebHost::Google(_)) => {
                request.uri().query().is_some_and(|query| query.contains("syncToken"))
            }
            Host::Caldav(_) => request.method().as_str() == "REPORT",
            // Its tokens die when too many are remembered.
            Host::Web(WebHost::Microsoft(_)) => false,
        };
        if goes_on && self.universe.with_faults(|faults| faults.strikes(FaultKind::DeadCursor)) {
            self.end_tokens(request.uri().path());
        }
    }

    /// Ends the sync tokens of the calendar that a path is about.
    fn end_tokens(&self, path: &str) {
        let ended = match &self.host {
            Host::Web(WebHost::Google(sim)) => {
                let meant = sim.calendar_ids().into_iter().find(|calendar| path.contains(calendar.as_str()));
                meant.map_or(Ok(()), |calendar| {
                    sim.end_sync_tokens(&calendar).map_err(|error| error.to_string())
                })
            }
            Host::Caldav(sim) => sim.end_sync_tokens(path).map_err(|error| error.to_string()),
            Host::Web(WebHost::Microsoft(_)) => Ok(()),
        };
        if let Err(refused) = ended {
            self.universe.trace(&format!("no token can be ended: {refused}"));
        }
    }

    /// A person touches a mirror that the request is about to write.
    fn touch(&self, request: &Request) {
        let target = format!("{} {}", request.uri(), String::from_utf8_lossy(request.body()));
        for venue in &self.venues {
            let marked =
                venue.standing().into_iter().filter_map(|it| it.marked.map(|marked| (it.id, marked)));
            let mut mirrors = marked.filter(|(_, marked)| marked.owner == Owner::Mirror);
            let meant = mirrors.find(|(id, _)| target.contains(id.as_str()));
            if let Some((id, mut marked)) = meant {
                marked.plain = false;
                marked.has_attendees |= self.universe.with_faults(|faults| faults.dice().chance(500));
                let guests = if marked.has_attendees { " and invites somebody" } else { "" };
                self.universe.trace(&format!("  a person touches {id}{guests}"));
                if let Err(refused) = venue.put_marked(&id, &marked) {
                    self.universe.complain(format!("a mirror cannot be touched: {refused}"));
                }
                return;
            }
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.life.step().await;
        self.travel().await;
        let what = self.named(&request);
        if let Some(answer) = self.weather(&request) {
            self.universe.trace(&format!("{what}: does not arrive"));
            self.travel().await;
            return answer;
        }
        self.meanwhile(&request);
        self.universe.show(|| {
            let (method, uri) = (request.method(), request.uri());
            let precondition = request.headers().get(header::IF_MATCH);
            format!("  > {method} {uri} {precondition:?} {}", String::from_utf8_lossy(request.body()))
        });
        let lost = unreachable(&request, Unreachable::Broken);
        let answered = self.router.clone().oneshot(request.map(Body::from));
        let response = match DEVICE.scope(self.device, answered).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        self.universe.trace(&format!("{what}: {}", response.status()));
        if response.extensions().get::<Cut>().is_some()
            || self.universe.with_faults(|faults| faults.strikes(FaultKind::LostAnswer))
        {
            self.travel().await;
            return Err(lost);
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.map_err(|_| lost)?;
        self.universe.show(|| format!("  < {} {}", parts.status, String::from_utf8_lossy(&body)));
        self.travel().await;
        self.life.step().await;
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}

/// An address that is a constant.
#[expect(clippy::expect_used, reason = "only constants are given to it")]
pub(super) fn url(text: &'static str) -> Url {
    Url::parse(text).expect("a constant address")
}

/// The error of a request whose server cannot be reached.
fn unreachable(request: &Request, cause: Unreachable) -> HttpError {
    HttpError::Unreachable { host: request.uri().host().unwrap_or("a server").to_owned(), cause }
}
