//! GET and HEAD of an object.

use http::header::ETAG;
use http::{Method, StatusCode};

use super::call::{Answer, Turn};
use super::place::Place;
use super::properties::etag;
use super::refusal::Refusal;
use crate::web::Reply;

pub(super) fn answer(turn: &Turn<'_>, place: &Place) -> Answer {
    let Place::Object(user, name, file) = place else {
        return Err(match place {
            Place::Nowhere => Refusal::not_found(),
            _ => Refusal::status(StatusCode::METHOD_NOT_ALLOWED),
        });
    };
    let (_, collection) = turn.calendar(user, name)?;
    let stored = collection.get(file).ok_or_else(Refusal::not_found)?;
    let text = if turn.call.method == Method::HEAD { String::new() } else { stored.text.clone() };
    let etag = etag(collection, stored, &turn.switches.etags, &turn.world.met);
    Ok(Reply::text(StatusCode::OK, "text/calendar; charset=utf-8", text).with_header(ETAG, &etag))
}
