//! Open extensions of an event.
//!
//! Source: <https://learn.microsoft.com/en-us/graph/api/resources/opentypeextension>.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::draft::extension_of;
use super::event_json::extension_json;
use super::events::{self, Edit};
use super::filter::is_extension;
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::access::Located;
use crate::microsoft::world::{Details, World};
use crate::web::Reply;

/// `GET …/extensions` and `GET …/extensions/{id}`.
pub(crate) fn get(world: &World, located: Located, id: Option<&str>) -> Result<Reply, Refusal> {
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?;
    let details = events::detail(item, located).ok_or_else(Refusal::not_found)?;
    let all = details.extensions.iter();
    match id {
        None => {
            let value: Vec<_> = all.map(|(name, members)| extension_json(name, members)).collect();
            Ok(Reply::json(StatusCode::OK, json!({"value": value})))
        }
        Some(id) => {
            let mut found = all.filter(|(name, _)| is_extension(name, id));
            let (name, members) = found.next().ok_or_else(Refusal::not_found)?;
            Ok(Reply::json(StatusCode::OK, extension_json(name, members)))
        }
    }
}

/// `POST …/extensions`: refused to those who only act for the owner.
pub(crate) fn create(world: &mut World, call: &Call, located: Located) -> Result<Reply, Refusal> {
    let (name, members) = extension_of(&Value::Object(call.object()?.clone()))?;
    put(world, call, located, name, Some(members), StatusCode::CREATED)
}

/// `PATCH …/extensions/{id}`: what the body does not name is dropped.
pub(crate) fn update(world: &mut World, call: &Call, located: Located, id: &str) -> Result<Reply, Refusal> {
    let name = known(world, located, id)?;
    let mut body = call.object()?.clone();
    body.insert("extensionName".into(), json!(name));
    let (name, members) = extension_of(&Value::Object(body))?;
    put(world, call, located, name, Some(members), StatusCode::OK)
}

/// `DELETE …/extensions/{id}`.
pub(crate) fn delete(world: &mut World, call: &Call, located: Located, id: &str) -> Result<Reply, Refusal> {
    let name = known(world, located, id)?;
    put(world, call, located, name, None, StatusCode::NO_CONTENT)
}

fn known(world: &World, located: Located, id: &str) -> Result<String, Refusal> {
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?;
    let details = events::detail(item, located).ok_or_else(Refusal::not_found)?;
    let name = details.extensions.into_keys().find(|name| is_extension(name, id));
    name.ok_or_else(Refusal::not_found)
}

fn put(
    world: &mut World,
    call: &Call,
    located: Located,
    name: String,
    members: Option<Map<String, Value>>,
    status: StatusCode,
) -> Result<Reply, Refusal> {
    if !located.access.rights.owner {
        return Err(Refusal::denied());
    }
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?;
    let before: Details = events::detail(item, located).ok_or_else(Refusal::not_found)?;
    let mut details = before.clone();
    let reply = if let Some(members) = members {
        let reply = Reply::json(status, extension_json(&name, &members));
        details.extensions.insert(name, members);
        reply
    } else {
        details.extensions.remove(&name);
        Reply::empty(status)
    };
    events::name_properties(world, located.access, &details)?;
    let after = details.clone();
    world.change(located.item, |item| match (located.day, &mut item.series) {
        (Some(day), Some(series)) => {
            series.exceptions.insert(day, details);
        }
        _ => item.main = details,
    });
    let about = (located.item, located.day);
    let edit = Edit { about, before: Some(&before), after: Some(&after) };
    events::note_event(world, call, located.access, &edit);
    Ok(reply)
}
