//! A name and a password, shown the way the server asks for: Basic (RFC 7617), or Digest (RFC 7616), where
//! only the answer to a challenge crosses the wire.
//!
//! Over TLS the first request shows Basic at once, as nearly every server wants it, and saves each start an
//! exchange. In clear, which happens on this computer only, the server is asked first. Once a server was seen
//! to take Digest, the password itself is not shown again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Method, StatusCode};
use http_auth::digest::Algorithm;
use http_auth::{ChallengeParser, DigestClient, PasswordParams};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::credentials::sensitive;
use crate::error::HttpError;
use crate::redirect::host_of;
use crate::transport::Response;

/// A password, and how its server wants to be shown it. Copies share what was found out.
#[derive(Clone)]
pub struct Password {
    secret: SecretString,
    way: Arc<Mutex<Way>>,
}

/// How the password is shown.
enum Way {
    /// No server said anything yet.
    Unknown,
    /// As it is.
    Basic,
    /// In answers to challenges, of which there is one at hand or will be.
    Digest(Option<Challenge>),
}

/// A challenge, which serves for many requests.
struct Challenge {
    /// Scheme, host and port that it came from: no other place is shown answers to it.
    origin: String,
    digest: DigestClient,
    /// True once the server took an answer to it. Then a refusal means that it is worn out.
    taken: bool,
}

/// What one request showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Shown {
    Nothing,
    Basic,
    /// An answer to the challenge with this nonce.
    Digest(String),
}

/// What an answer means for the sign-in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It is an answer to the request.
    Answer,
    /// The request is to be sent again, with another proof.
    Again,
}

impl Password {
    /// The header for a request, and what it shows.
    pub(crate) fn proof(
        &self,
        user: &str,
        url: &Url,
        method: &Method,
    ) -> Result<(Option<HeaderValue>, Shown), HttpError> {
        let mut way = self.way();
        match &mut *way {
            Way::Unknown if url.scheme() != "https" => Ok((None, Shown::Nothing)),
            Way::Unknown | Way::Basic => Ok((Some(basic(user, self.secret.expose_secret())), Shown::Basic)),
            Way::Digest(Some(challenge)) if challenge.origin == origin(url) => {
                let nonce = challenge.digest.nonce().to_owned();
                let params = PasswordParams {
                    username: user,
                    password: self.secret.expose_secret(),
                    uri: &target(url),
                    method: method.as_str(),
                    body: None,
                };
                // What the library says may repeat the challenge or the name, so that it is not passed on.
                let answer = challenge
                    .digest
                    .respond(&params)
                    .map_err(|_| HttpError::Request("the sign-in cannot be written down".to_owned()))?;
                Ok((Some(sensitive(&answer)), Shown::Digest(nonce)))
            }
            Way::Digest(_) => Ok((None, Shown::Nothing)),
        }
    }

    /// Learns from the answer to a request that showed `shown`.
    pub(crate) fn heard(&self, shown: &Shown, url: &Url, response: &Response) -> Result<Verdict, HttpError> {
        let mut way = self.way();
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(way.accepted(shown, response.status()));
        }
        let asked = Asked::by(response);
        match (shown, &mut *way) {
            // Somebody else was faster: the proof is another one by now.
            (Shown::Nothing, Way::Digest(Some(now))) if now.origin == origin(url) => Ok(Verdict::Again),
            (Shown::Nothing, Way::Digest(_)) => match asked.digest {
                Some(digest) => Ok(way.challenged(url, digest)),
                None if asked.basic => Err(HttpError::Downgraded { host: host_of(url) }),
                None => Ok(Verdict::Answer),
            },
            (Shown::Nothing, _) => {
                if let Some(digest) = asked.digest {
                    return Ok(way.challenged(url, digest));
                }
                *way = Way::Basic;
                Ok(Verdict::Again)
            }
            (Shown::Basic, Way::Digest(_)) => Ok(Verdict::Again),
            // A server that takes Basic too has judged the password, and judging it twice would only bring
            // the account closer to being locked.
            (Shown::Basic, _) => match asked.digest {
                Some(digest) if !asked.basic => Ok(way.challenged(url, digest)),
                _ => Ok(Verdict::Answer),
            },
            (Shown::Digest(nonce), Way::Digest(Some(now))) if now.digest.nonce() != nonce => {
                Ok(Verdict::Again)
            }
            (Shown::Digest(_), Way::Digest(now)) => match asked.digest {
                Some(digest) => {
                    // A nonce that was good and is refused has worn out, also where the server does not say
                    // so; one that was never good says that the password is wrong.
                    let worn = digest.stale() || now.as_ref().is_some_and(|now| now.taken);
                    way.challenged(url, digest);
                    Ok(if worn { Verdict::Again } else { Verdict::Answer })
                }
                None if asked.basic => Err(HttpError::Downgraded { host: host_of(url) }),
                None => Ok(Verdict::Answer),
            },
            (Shown::Digest(_), Way::Unknown | Way::Basic) => Ok(Verdict::Answer),
        }
    }

    fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Way {
    fn challenged(&mut self, url: &Url, digest: DigestClient) -> Verdict {
        *self = Self::Digest(Some(Challenge { origin: origin(url), digest, taken: false }));
        Verdict::Again
    }

    /// The server did not refuse.
    fn accepted(&mut self, shown: &Shown, status: StatusCode) -> Verdict {
        match (shown, &mut *self) {
            // It asks nobody to sign in, or shows strangers less: then it has to know who asks. A redirect
            // or a server in trouble says nothing of this yet.
            (Shown::Nothing, Self::Unknown) if !status.is_redirection() && !status.is_server_error() => {
                *self = Self::Basic;
                Verdict::Again
            }
            (Shown::Digest(nonce), Self::Digest(Some(now))) if now.digest.nonce() == nonce => {
                now.taken = true;
                Verdict::Answer
            }
            _ => Verdict::Answer,
        }
    }
}

/// What a refusal asks for.
struct Asked {
    /// The strongest challenge of those that we can answer.
    digest: Option<DigestClient>,
    basic: bool,
}

impl Asked {
    fn by(response: &Response) -> Self {
        let mut asked = Self { digest: None, basic: false };
        let headers = response.headers().get_all(WWW_AUTHENTICATE);
        let texts = headers.iter().filter_map(|value| value.to_str().ok());
        // Whatever follows a challenge that cannot be read cannot be read either.
        for challenge in texts.flat_map(|text| ChallengeParser::new(text).map_while(Result::ok)) {
            asked.basic |= challenge.scheme.eq_ignore_ascii_case("Basic");
            let Ok(digest) = DigestClient::try_from(&challenge) else { continue };
            let best = asked.digest.as_ref().map_or(0, strength);
            if strength(&digest) > best {
                asked.digest = Some(digest);
            }
        }
        asked
    }
}

/// How much a challenge is worth; 0 for what is not answered: to answer with a digest of the body would be to
/// hash all that is written, and nobody asks for sessions.
fn strength(digest: &DigestClient) -> u8 {
    if digest.session() || !(digest.qop() & http_auth::digest::Qop::Auth) {
        return 0;
    }
    match digest.algorithm() {
        Algorithm::Sha256 => 3,
        Algorithm::Sha512Trunc256 => 2,
        Algorithm::Md5 => 1,
        _ => 0,
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The target of a request as it stands in its first line.
fn target(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

fn basic(user: &str, password: &str) -> HeaderValue {
    sensitive(&format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes())))
}

impl From<SecretString> for Password {
    fn from(secret: SecretString) -> Self {
        Self { secret, way: Arc::new(Mutex::new(Way::Unknown)) }
    }
}

impl From<String> for Password {
    fn from(secret: String) -> Self {
        Self::from(SecretString::from(secret))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests;
