//! The file as a calendar and its items.

use data_encoding::BASE32HEX_NOPAD;
use sha2::{Digest, Sha256};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{ICalUid, LastingName, Version};
use starmesh_core::mirror::ProviderId;
use starmesh_ical::CalendarFile;
use starmesh_provider::RemoteCalendar;

use crate::address::FeedAddress;

/// What the feed's one calendar is called after its account.
const SHORT_NAME: &str = "feed";

/// Bytes of the digest that is a version.
const DIGEST_BYTES: usize = 20;

/// The feed's one calendar.
pub(crate) fn calendar(address: &FeedAddress, name: &LastingName, file: &CalendarFile) -> RemoteCalendar {
    RemoteCalendar {
        name: name.clone(),
        display_name: file.name.clone().unwrap_or_else(|| address.host()),
        short_name: SHORT_NAME.to_owned(),
        color: None,
        zone: file.zone.clone(),
        read_only: true,
        // What publishes a calendar leaves properties out that it does not know.
        hides_marks: true,
    }
}

/// The file's items, each in the version that its facts make.
pub(crate) fn items(file: CalendarFile) -> Vec<SourceItem> {
    let mut items = file.items;
    for item in &mut items {
        item.version = Some(version(item));
        for event in &mut item.events {
            event.uid = bare(&event.uid);
        }
    }
    items
}

/// A digest of the facts alone: two states that differ in nothing but words are one version.
fn version(item: &SourceItem) -> Version {
    // Facts are plain values, which always have a JSON form; without one, an item is new at every read.
    let facts = serde_json::to_vec(&(&item.events, item.problem)).unwrap_or_default();
    Version::new(BASE32HEX_NOPAD.encode(&Sha256::digest(facts)[..DIGEST_BYTES]).to_ascii_lowercase())
}

/// Google publishes `<id>@google.com` as the UID of what we placed; bare, it is known by its shape.
fn bare(uid: &ICalUid) -> ICalUid {
    match uid.as_str().split_once('@') {
        Some((id, _)) if ProviderId::has_shape(id) => ICalUid::new(id),
        _ => uid.clone(),
    }
}

#[cfg(test)]
mod tests {
    use starmesh_core::policy::Terms;
    use starmesh_core::reconcile::is_source;
    use starmesh_ical::calendar_file;

    use super::*;

    fn read(lines: &str) -> SourceItem {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
        items(calendar_file(&text, &[], &Terms::default()).unwrap()).remove(0)
    }

    #[test]
    fn a_version_follows_the_facts_and_tells_no_words() {
        let one = read("UID:a\nDTSTART:20261201T100000Z\nSUMMARY:one");
        assert_eq!(one.version, read("UID:a\nDTSTART:20261201T100000Z\nSUMMARY:other").version);
        assert_ne!(one.version, read("UID:a\nDTSTART:20261201T110000Z\nSUMMARY:one").version);
    }

    #[test]
    fn published_mirrors_are_known_where_their_ids_are_kept() {
        let id = format!("sfb{}", "0v".repeat(16));
        for uid in [id.clone(), format!("{id}@google.com")] {
            let item = read(&format!("UID:{uid}\nDTSTART:20261201T100000Z"));
            assert!(!is_source(&item.events[0]), "{uid}");
        }
        let item = read("UID:sfb-something@google.com\nDTSTART:20261201T100000Z");
        assert!(is_source(&item.events[0]));
    }
}
