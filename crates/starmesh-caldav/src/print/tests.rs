//! Mirrors in print, and read back.

use chrono::TimeZone as _;
use starmesh_core::event::{Availability, LabelDigest};
use starmesh_core::ids::{EventId, LastingName, RemoteId};
use starmesh_core::mirror::{Color, Fingerprint, FoundColor, IdentityKey, Incarnation, Label, MirrorBody};
use starmesh_core::policy::Terms;
use starmesh_core::recurrence::OriginalStart;
use starmesh_ical::{OwnAddresses, source_item};

use super::*;

fn keys() -> IdentityKey {
    IdentityKey::new([7; 32])
}

fn mirror(time: EventTime, availability: MirrorAvailability, label: &str) -> MirrorSpec {
    let (target, source) = (LastingName::new("https://t.example/"), LastingName::new("https://s.example/"));
    let key = keys().mirror_key(&target, &source, &EventId::new("u"), &OriginalStart(String::new()));
    let body = MirrorBody { time, availability, label: Label::new(label).unwrap(), color: None };
    MirrorSpec::new(&keys(), &target, &source, key, Incarnation::default(), body)
}

fn instant(day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 12, day, hour, 0, 0).unwrap()
}

fn timed() -> EventTime {
    EventTime::Timed { start: instant(1, 10), end: instant(1, 11) }
}

fn all_day() -> EventTime {
    let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
    EventTime::AllDay { start: day(24), end: day(27) }
}

#[test]
fn a_mirror_holds_time_availability_and_label_and_nothing_else() {
    let mirror = mirror(timed(), MirrorAvailability::Busy, "Busy");
    let text = print_mirror(&mirror, instant(1, 0));
    let mark = format!("X-SYNC-FB:{}", mirror.mark());
    assert!(mark.len() > 75, "the mark is long enough to be folded");
    let expected = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Starmesh//Starmesh//EN",
        "BEGIN:VEVENT",
        &format!("UID:{}", mirror.provider_id()),
        "DTSTAMP:20261201T000000Z",
        "DTSTART:20261201T100000Z",
        "DTEND:20261201T110000Z",
        "SUMMARY:Busy",
        "CLASS:PRIVATE",
        "TRANSP:OPAQUE",
        "STATUS:CONFIRMED",
        "SEQUENCE:0",
        &mark,
        "END:VEVENT",
        "END:VCALENDAR",
    ];
    let unfolded = text.replace("\r\n ", "");
    assert_eq!(unfolded.strip_suffix("\r\n").unwrap().split("\r\n").collect::<Vec<_>>(), expected);
}

#[test]
fn lines_are_folded_at_75_octets_between_characters() {
    let label = "\u{1f4c5}\u{e9}x".repeat(21);
    let text = print_mirror(&mirror(timed(), MirrorAvailability::Busy, &label), instant(1, 0));
    assert!(text.split("\r\n").all(|line| line.len() <= LINE_OCTETS_MAX));
    assert!(text.replace("\r\n ", "").contains(&format!("SUMMARY:{label}\r\n")));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
}

#[test]
fn every_kind_of_mirror_reads_back_as_what_was_written() {
    for time in [timed(), all_day()] {
        for (written, read) in [
            (MirrorAvailability::Busy, Availability::Busy),
            (MirrorAvailability::Tentative, Availability::Tentative),
            (MirrorAvailability::OutOfOffice, Availability::OutOfOffice),
        ] {
            let mirror = mirror(time, written, r"Busy; \really, \nyes");
            let text = print_mirror(&mirror, instant(1, 0));
            let (own, terms) = (OwnAddresses::default(), Terms::default());
            let item = source_item(RemoteId::new("/c/x.ics"), None, &text, &own, &terms);
            assert_eq!(item.problem, None);
            let [event] = item.events.as_slice() else { panic!("one event") };
            let marked = event.marked.as_ref().unwrap();
            assert_eq!(event.id.as_str(), mirror.provider_id().as_str());
            assert_eq!(marked.provider_id, mirror.provider_id().as_str());
            assert_eq!(marked.mark, mirror.mark().to_string());
            assert_eq!((marked.time, marked.availability), (Some(time), read));
            assert_eq!(marked.label, LabelDigest::of(mirror.body().label.as_str()));
            assert!(marked.plain && !marked.has_attendees);
            assert_eq!(
                Fingerprint::observed(&keys(), marked, None),
                Some(mirror.body().fingerprint(&keys()))
            );
        }
    }
}

#[test]
fn the_color_of_a_link_is_written_by_its_css_name_and_read_again() {
    for color in [Color::Teal, Color::Gray] {
        let (target, source) =
            (LastingName::new("https://t.example/"), LastingName::new("https://s.example/"));
        let plain = mirror(timed(), MirrorAvailability::Busy, "Busy");
        let body = MirrorBody { color: Some(color), ..plain.body().clone() };
        let key = plain.mark().key;
        let colored = MirrorSpec::new(&keys(), &target, &source, key, Incarnation::default(), body);
        let text = print_mirror(&colored, instant(1, 0));
        let added = format!("COLOR:{}\r\n", color.name());
        assert_eq!(text.replace(&added, ""), print_mirror(&plain, instant(1, 0)));
        let own = OwnAddresses::new(std::iter::empty());
        let item = source_item(RemoteId::new("/c/x.ics"), None, &text, &own, &Terms::default());
        let marked = item.events[0].marked.as_ref().unwrap();
        assert_eq!((marked.color, marked.plain), (FoundColor::Known(color), true));
    }
}
