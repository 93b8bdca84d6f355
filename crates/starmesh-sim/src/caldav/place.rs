//! What a path means, and how paths are written.

use std::fmt::Write as _;

use percent_encoding::percent_decode_str;

use super::switches::HrefSwitches;
use crate::web::Met;

/// What stands at a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// `/`.
    Root,
    /// `/.well-known/caldav`.
    WellKnown,
    /// `/principals/{user}/`.
    Principal(String),
    /// `/calendars/{user}/`.
    Home(String),
    /// `/calendars/{user}/{calendar}/`.
    Calendar(String, String),
    /// `/calendars/{user}/{calendar}/{file}`.
    Object(String, String, String),
    /// Anything else.
    Nowhere,
}

impl Place {
    /// What stands at `path`, in whatever spelling.
    pub(super) fn at(path: &str) -> Self {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match *parts.as_slice() {
            [] => Self::Root,
            [".well-known", "caldav"] => Self::WellKnown,
            ["principals", user] => Self::Principal(user.to_owned()),
            ["calendars", user] => Self::Home(user.to_owned()),
            ["calendars", user, calendar] => Self::Calendar(user.to_owned(), calendar.to_owned()),
            ["calendars", user, calendar, file] => {
                Self::Object(user.to_owned(), calendar.to_owned(), file.to_owned())
            }
            _ => Self::Nowhere,
        }
    }

    /// Its path in the plainest spelling.
    pub(super) fn path(&self) -> String {
        let parts: Vec<&str> = match self {
            Self::Root | Self::Nowhere => Vec::new(),
            Self::WellKnown => vec![".well-known", "caldav"],
            Self::Principal(user) => vec!["principals", user],
            Self::Home(user) => vec!["calendars", user],
            Self::Calendar(user, calendar) => vec!["calendars", user, calendar],
            Self::Object(user, calendar, file) => vec!["calendars", user, calendar, file],
        };
        let mut path: String = parts.iter().map(|part| format!("/{}", escaped(part))).collect();
        if !matches!(self, Self::Object(..) | Self::WellKnown) {
            path.push('/');
        }
        path
    }
}

/// How this server writes hrefs.
pub(super) struct Hrefs<'a> {
    pub(super) switches: &'a HrefSwitches,
    /// Scheme and host under which the client reached the server.
    pub(super) origin: &'a str,
    pub(super) met: &'a Met,
}

impl Hrefs<'_> {
    /// The href of what stands at `place`.
    pub(super) fn of(&self, place: &Place) -> String {
        let mut path = place.path();
        if self.switches.at_encoded && path.contains('@') {
            self.met.meet("hrefs.at_encoded");
            path = path.replace('@', "%40");
        }
        if self.switches.lower_escapes && path.contains('%') {
            let lowered = with_lower_escapes(&path);
            if lowered != path {
                self.met.meet("hrefs.lower_escapes");
                path = lowered;
            }
        }
        if self.switches.absolute {
            self.met.meet("hrefs.absolute");
            return format!("{}{path}", self.origin);
        }
        path
    }
}

fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@:!$'()*,".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _written = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn with_lower_escapes(path: &str) -> String {
    let mut left = 0;
    path.chars()
        .map(|character| {
            if character == '%' {
                left = 2;
                return character;
            }
            let lower = if left > 0 { character.to_ascii_lowercase() } else { character };
            left = u32::saturating_sub(left, 1);
            lower
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_path_is_one_place() {
        let place = Place::Calendar("ada@example.test".into(), "Büro".into());
        for path in ["/calendars/ada@example.test/B%C3%BCro/", "/calendars/ada%40example.test/B%c3%bcro"] {
            assert_eq!(Place::at(path), place, "{path}");
        }
        assert_eq!(place.path(), "/calendars/ada@example.test/B%C3%BCro/");
        assert_eq!(with_lower_escapes(&place.path()), "/calendars/ada@example.test/B%c3%bcro/");
        for place in [Place::Root, Place::WellKnown, Place::Principal("a".into()), Place::Home("a".into())] {
            assert_eq!(Place::at(&place.path()), place);
        }
    }
}
