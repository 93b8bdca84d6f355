//! Names of things as they cross the wire: opaque, case-sensitive and full of characters that a URL needs
//! encoded.
//!
//! Ids are computed, not stored: an item's *regular* id names the folder it lies in and so changes with a
//! move, its *immutable* id does not. Both name the mailbox through which they were read, which is why an id
//! read through an owner's mailbox means nothing in a sharee's. An occurrence's id is that of its series and
//! its date, so a series that moves leaves its old ids behind.

use chrono::{Datelike, NaiveDate};
use data_encoding::{BASE64, BASE64URL};
use sha2::{Digest, Sha256};

/// A mailbox, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MailboxNo(pub u32);

/// A calendar, or a local copy of a shared one, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CalendarNo(pub u32);

/// A single event or a whole series, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ItemNo(pub u64);

/// A calendar as a path addressed it: the id of an event depends on both parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// Whose mailbox the path named.
    pub mailbox: MailboxNo,
    /// The calendar in it, or the local copy of one shared with it.
    pub calendar: CalendarNo,
}

/// Which of its two ids an item is called by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IdForm {
    /// Changes when the item moves to another folder.
    Regular,
    /// Lasts as long as the item stays in its mailbox (`Prefer: IdType="ImmutableId"`).
    Immutable,
}

/// What an event id says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct EventName {
    pub(crate) form: IdForm,
    pub(crate) mailbox: MailboxNo,
    /// The folder; only a regular id names it.
    pub(crate) calendar: Option<CalendarNo>,
    pub(crate) item: ItemNo,
    /// The date of an occurrence in its series.
    pub(crate) day: Option<NaiveDate>,
}

/// Bytes of an id that mean something: kind, mailbox, calendar, item, day.
const MEANING_LEN: usize = 1 + 4 + 4 + 8 + 4;
/// Bytes of an id in all; the rest is a digest of the meaning, so that no id can be guessed or bent. Not a
/// multiple of three, so that the text ends in `=`.
const ID_LEN: usize = MEANING_LEN + 49;

const KIND_REGULAR: u8 = 1;
const KIND_IMMUTABLE: u8 = 2;
const KIND_CALENDAR: u8 = 3;
const KIND_GROUP: u8 = 4;

/// Text in front of each kind, as the real ids have it.
const fn prefix(kind: u8) -> &'static str {
    match kind {
        KIND_REGULAR => "AAMkAD",
        KIND_IMMUTABLE => "AAkALg",
        KIND_CALENDAR => "AQMkAD",
        _ => "AAMkAG",
    }
}

/// The id of an event, or of an occurrence of a series, read at `place`.
pub(crate) fn event_id(
    form: IdForm,
    place: Place,
    item: ItemNo,
    day: Option<NaiveDate>,
    slashes: bool,
) -> String {
    let (kind, calendar) = match form {
        IdForm::Regular => (KIND_REGULAR, place.calendar.0),
        IdForm::Immutable => (KIND_IMMUTABLE, 0),
    };
    let day = day.map_or(0, |day| day.num_days_from_ce());
    write(kind, place.mailbox, calendar, item.0, day, slashes)
}

/// The id of a calendar: the same in both forms.
pub(crate) fn calendar_id(place: Place, slashes: bool) -> String {
    write(KIND_CALENDAR, place.mailbox, place.calendar.0, 0, 0, slashes)
}

/// The id of a mailbox's calendar group.
pub(crate) fn group_id(mailbox: MailboxNo, number: u32, slashes: bool) -> String {
    write(KIND_GROUP, mailbox, number, 0, 0, slashes)
}

/// What an event id says; `None` for anything else.
pub(crate) fn read_event_id(text: &str) -> Option<EventName> {
    let meaning = read(text)?;
    let form = match meaning.kind {
        KIND_REGULAR => IdForm::Regular,
        KIND_IMMUTABLE => IdForm::Immutable,
        _ => return None,
    };
    let day = match meaning.day {
        0 => None,
        days => Some(NaiveDate::from_num_days_from_ce_opt(days)?),
    };
    Some(EventName {
        form,
        mailbox: meaning.mailbox,
        calendar: (form == IdForm::Regular).then_some(CalendarNo(meaning.calendar)),
        item: ItemNo(meaning.item),
        day,
    })
}

/// What a calendar id says; `None` for anything else.
pub(crate) fn read_calendar_id(text: &str) -> Option<Place> {
    let meaning = read(text).filter(|meaning| meaning.kind == KIND_CALENDAR)?;
    Some(Place { mailbox: meaning.mailbox, calendar: CalendarNo(meaning.calendar) })
}

/// The mailbox and number of a calendar group's id; `None` for anything else.
pub(crate) fn read_group_id(text: &str) -> Option<(MailboxNo, u32)> {
    let meaning = read(text).filter(|meaning| meaning.kind == KIND_GROUP)?;
    Some((meaning.mailbox, meaning.calendar))
}

/// The change key of a version: short, base64, another for every write.
pub(crate) fn change_key(item: u64, version: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(b"change key");
    hash.update(item.to_be_bytes());
    hash.update(version.to_be_bytes());
    BASE64.encode(&hash.finalize()[..16])
}

/// A GUID that is always the same for one name and number.
pub(crate) fn guid(name: &str, number: u64) -> String {
    let mut hash = Sha256::new();
    hash.update(name.as_bytes());
    hash.update([0]);
    hash.update(number.to_be_bytes());
    let hex = data_encoding::HEXLOWER.encode(&hash.finalize()[..16]);
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Opaque text of `len` characters that stands for `number`: delta and skip tokens are long.
pub(crate) fn token_text(kind: &str, number: u64, len: usize) -> String {
    let mut bytes = number.to_be_bytes().to_vec();
    let mut digest = Sha256::digest(format!("{kind} {number}").as_bytes());
    while bytes.len() * 4 / 3 <= len {
        bytes.extend_from_slice(&digest);
        digest = Sha256::digest(digest);
    }
    let mut text = BASE64URL.encode(&bytes);
    text.truncate(len);
    text
}

/// The number a token stands for, when it is one that [`token_text`] wrote.
pub(crate) fn read_token(kind: &str, text: &str) -> Option<u64> {
    /// Characters that hold the eight bytes of the number, and four bits of what follows.
    const NUMBER_CHARS: usize = 12;
    let head = BASE64URL.decode(text.get(..NUMBER_CHARS)?.as_bytes()).ok()?;
    let number = u64::from_be_bytes(head.get(..8)?.try_into().ok()?);
    (token_text(kind, number, text.len()) == text).then_some(number)
}

struct Meaning {
    kind: u8,
    mailbox: MailboxNo,
    calendar: u32,
    item: u64,
    day: i32,
}

fn write(kind: u8, mailbox: MailboxNo, calendar: u32, item: u64, day: i32, slashes: bool) -> String {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&mailbox.0.to_be_bytes());
    bytes.extend_from_slice(&calendar.to_be_bytes());
    bytes.extend_from_slice(&item.to_be_bytes());
    bytes.extend_from_slice(&day.to_be_bytes());
    let seal = seal(&bytes);
    bytes.extend_from_slice(&seal);
    // The real ids show no pattern; the meaning is hidden behind its own digest.
    let (meaning, seal) = bytes.split_at_mut(MEANING_LEN);
    for (byte, mask) in meaning.iter_mut().zip(seal) {
        *byte ^= *mask;
    }
    let text = if slashes { BASE64.encode(&bytes) } else { BASE64URL.encode(&bytes) };
    format!("{}{text}", prefix(kind))
}

fn read(text: &str) -> Option<Meaning> {
    let kinds = [KIND_REGULAR, KIND_IMMUTABLE, KIND_CALENDAR, KIND_GROUP];
    let kind = kinds.into_iter().find(|kind| text.starts_with(prefix(*kind)))?;
    let text = text[prefix(kind).len()..].replace('+', "-").replace('/', "_");
    let mut bytes = BASE64URL.decode(text.as_bytes()).ok().filter(|bytes| bytes.len() == ID_LEN)?;
    let (meaning, found) = bytes.split_at_mut(MEANING_LEN);
    for (byte, mask) in meaning.iter_mut().zip(found.iter()) {
        *byte ^= *mask;
    }
    if seal(meaning) != found || meaning[0] != kind {
        return None;
    }
    Some(Meaning {
        kind,
        mailbox: MailboxNo(u32::from_be_bytes(meaning[1..5].try_into().ok()?)),
        calendar: u32::from_be_bytes(meaning[5..9].try_into().ok()?),
        item: u64::from_be_bytes(meaning[9..17].try_into().ok()?),
        day: i32::from_be_bytes(meaning[17..21].try_into().ok()?),
    })
}

fn seal(meaning: &[u8]) -> Vec<u8> {
    let first = Sha256::digest(meaning);
    let second = Sha256::digest(first);
    let mut seal = first.to_vec();
    seal.extend_from_slice(&second);
    seal.truncate(ID_LEN - MEANING_LEN);
    seal
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { mailbox: MailboxNo(7), calendar: CalendarNo(9) };

    #[test]
    fn an_id_says_what_was_written_into_it_and_a_bent_one_says_nothing() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 3);
        let id = event_id(IdForm::Regular, PLACE, ItemNo(5), day, false);
        assert!(id.ends_with('='));
        let name = read_event_id(&id).unwrap();
        assert_eq!(
            (name.mailbox, name.calendar, name.item, name.day),
            (MailboxNo(7), Some(CalendarNo(9)), ItemNo(5), day)
        );
        assert_eq!(read_event_id(&id.to_lowercase()), None);
        assert_eq!(read_calendar_id(&id), None);
        assert_eq!(read_calendar_id(&calendar_id(PLACE, true)), Some(PLACE));
    }

    #[test]
    fn only_a_regular_id_changes_with_the_folder() {
        let other = Place { calendar: CalendarNo(10), ..PLACE };
        let id = |form, place| event_id(form, place, ItemNo(5), None, false);
        assert_ne!(id(IdForm::Regular, PLACE), id(IdForm::Regular, other));
        assert_eq!(id(IdForm::Immutable, PLACE), id(IdForm::Immutable, other));
    }

    #[test]
    fn a_token_of_any_length_is_read_back_and_a_bent_one_is_not() {
        for len in [300, 777, 1_500] {
            let text = token_text("delta", 42, len);
            assert_eq!(text.len(), len);
            assert_eq!(read_token("delta", &text), Some(42));
            assert_eq!(read_token("skip", &text), None);
            assert_eq!(read_token("delta", &text[..len - 1].replace('A', "B")), None);
        }
    }
}
