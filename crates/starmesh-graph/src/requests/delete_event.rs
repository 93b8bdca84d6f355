//! Removing a mirror: `DELETE …/events/{id}`.

use starmesh_core::ids::{RemoteId, Version};

use crate::call::Call;
use crate::place::Place;

/// Removes a mirror.
pub(crate) struct DeleteEvent;

impl DeleteEvent {
    pub(crate) fn prepare(place: &Place, id: &RemoteId, version: Option<&Version>) -> Call {
        Call::delete(place.event(id)).unchanged(version)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{path, place};
    use super::*;

    #[test]
    fn a_removal_carries_the_version_we_saw() {
        let version = Version::new("W/\"7\"");
        let call = DeleteEvent::prepare(&place(), &RemoteId::new("A"), Some(&version));
        assert_eq!((call.method.as_str(), path(&call)), ("DELETE", "/me/calendars/C=/events/A".to_owned()));
        assert!(call.headers().contains(&("if-match", "W/\"7\"".to_owned())));
    }
}
