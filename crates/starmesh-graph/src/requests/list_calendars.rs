//! The calendars of a mailbox: `GET …/calendars`, and one of them.

use serde::Deserialize;
use url::Url;

use crate::call::{Answer, Call, query};
use crate::mailbox::Mailbox;
use crate::place::Place;
use crate::wire::{Lenient, Page};

/// Lists calendars.
pub(crate) struct ListCalendars;

/// A calendar.
#[derive(Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CalendarRow {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) color: Option<String>,
    pub(crate) hex_color: Option<String>,
    pub(crate) can_edit: Option<bool>,
    pub(crate) can_share: Option<bool>,
    pub(crate) can_view_private_items: Option<bool>,
}

/// One page of calendars.
pub(crate) struct Calendars {
    pub(crate) calendars: Vec<CalendarRow>,
    pub(crate) next: Option<Url>,
}

const SELECT: &str = "id,name,color,hexColor,canEdit,canShare,canViewPrivateItems";

impl ListCalendars {
    /// Calendars of one page.
    const TOP: u32 = 100;

    /// All of a mailbox.
    pub(crate) fn prepare(mailbox: &Mailbox) -> Call {
        let parameters = [("$select", SELECT.to_owned()), ("$top", Self::TOP.to_string())];
        Call::get(format!("{}/calendars{}", mailbox.root(), query(parameters)))
    }

    /// The main one: often the only one of another person's that is shared.
    pub(crate) fn prepare_main(mailbox: &Mailbox) -> Call {
        Call::get(format!("{}/calendar{}", mailbox.root(), query([("$select", SELECT.to_owned())])))
    }

    /// One by its id.
    pub(crate) fn prepare_one(place: &Place) -> Call {
        Call::get(format!("{}{}", place.path, query([("$select", SELECT.to_owned())])))
    }

    /// A page; one calendar that cannot be understood hides no other.
    pub(crate) fn parse(answer: &Answer) -> Option<Calendars> {
        let page: Page<CalendarRow> = answer.json()?;
        let calendars = page.value.into_iter().filter_map(|row| match row {
            Lenient::Good(row) => Some(row),
            Lenient::Bad { id } => Some(CalendarRow { id: Some(id), ..CalendarRow::default() }),
            Lenient::Worse(_) => None,
        });
        Some(Calendars { calendars: calendars.collect(), next: page.next_link })
    }

    pub(crate) fn parse_one(answer: &Answer) -> Option<CalendarRow> {
        answer.json()
    }
}

impl CalendarRow {
    /// `#RRGGBB`: the user's own colour, else the one that the named colour is drawn with.
    pub(crate) fn rgb(&self) -> Option<String> {
        let hex = self.hex_color.as_deref().map(str::trim).unwrap_or_default();
        let digits = hex.strip_prefix('#').unwrap_or(hex);
        if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Some(format!("#{}", digits.to_ascii_uppercase()));
        }
        let named = match self.color.as_deref()? {
            "lightBlue" => "#A6D1F5",
            "lightGreen" => "#87D28E",
            "lightOrange" => "#FCAB73",
            "lightGray" => "#C0C0C0",
            "lightYellow" => "#F5E26B",
            "lightTeal" => "#4ADACC",
            "lightPink" => "#FFBBCB",
            "lightBrown" => "#D0B398",
            "lightRed" => "#EA6060",
            _ => return None,
        };
        Some(named.to_owned())
    }
}

/// The id of the mailbox itself: `GET /me`.
pub(crate) struct GetMailbox;

impl GetMailbox {
    pub(crate) fn prepare() -> Call {
        Call::get(format!("/me{}", query([("$select", "id".to_owned())])))
    }

    pub(crate) fn parse(answer: &Answer) -> Option<String> {
        #[derive(Deserialize)]
        struct Owner {
            id: String,
        }
        answer.json::<Owner>().map(|owner| owner.id).filter(|id| !id.is_empty() && !id.contains('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_the_users_own_or_the_named_one() {
        let rgb = |color: &str, hex: &str| {
            let row = CalendarRow {
                color: Some(color.to_owned()),
                hex_color: Some(hex.to_owned()),
                ..CalendarRow::default()
            };
            row.rgb()
        };
        assert_eq!(rgb("auto", "#aabbcc"), Some("#AABBCC".to_owned()));
        assert_eq!(rgb("lightRed", ""), Some("#EA6060".to_owned()));
        assert_eq!(rgb("auto", ""), None);
        assert_eq!(rgb("maxColor", "red"), None);
    }
}
