//! Who asks?

use data_encoding::BASE64;
use http::StatusCode;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use super::call::Call;
use super::refusal::Refusal;
use super::switches::{Challenge, Switches};
use super::world::World;

/// What people see of the server when they are asked for a password.
const BASIC: &str = "Basic realm=\"calendars\", charset=\"UTF-8\"";

/// The person whose credentials `call` carries (RFC 7617, RFC 6750).
pub(super) fn person(call: &Call, world: &World) -> Option<String> {
    let (scheme, proof) = call.header(AUTHORIZATION)?.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "basic" => {
            let decoded = String::from_utf8(BASE64.decode(proof.trim().as_bytes()).ok()?).ok()?;
            let (user, password) = decoded.split_once(':')?;
            (world.people.get(user)?.password == password).then(|| user.to_owned())
        }
        "bearer" => world.tokens.get(proof.trim()).cloned(),
        _ => None,
    }
}

/// The answer to whoever does not prove who they are.
pub(super) fn challenge(world: &World, switches: &Switches) -> Refusal {
    let refusal = Refusal::status(StatusCode::UNAUTHORIZED);
    match switches.discovery.challenge {
        Challenge::Basic => refusal.with_header(WWW_AUTHENTICATE, BASIC),
        Challenge::Several => {
            world.met.meet("challenge.several");
            refusal
                .with_header(WWW_AUTHENTICATE, "X-MobileMe-AuthToken realm=\"calendars\"")
                .with_header(WWW_AUTHENTICATE, BASIC)
        }
        Challenge::Missing => {
            world.met.meet("challenge.missing");
            refusal
        }
    }
}
