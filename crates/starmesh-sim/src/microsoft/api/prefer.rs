//! The `Prefer` header. It counts for the one request that carries it, so clients repeat it on every page.

use http::HeaderMap;

use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::{IdForm, NamedZone};

/// What a request prefers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Prefer {
    pub(crate) ids: IdForm,
    pub(crate) zone: NamedZone,
    pub(crate) text_body: bool,
    pub(crate) page: Option<usize>,
    /// The preferences that are honoured, for `Preference-Applied`.
    pub(crate) applied: Vec<String>,
}

impl Default for Prefer {
    fn default() -> Self {
        Self {
            ids: IdForm::Regular,
            zone: NamedZone::utc(),
            text_body: false,
            page: None,
            applied: Vec::new(),
        }
    }
}

impl Prefer {
    /// Reads all `Prefer` headers; a zone that nobody knows is 400.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut prefer = Self::default();
        for value in headers.get_all("prefer") {
            for preference in parts(value.to_str().unwrap_or_default()) {
                prefer.take(preference)?;
            }
        }
        Ok(prefer)
    }

    fn take(&mut self, preference: &str) -> Result<(), Refusal> {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        let value = value.trim().trim_matches('"');
        let honoured = match name.trim().to_ascii_lowercase().as_str() {
            "idtype" if value.eq_ignore_ascii_case("ImmutableId") => {
                self.ids = IdForm::Immutable;
                true
            }
            "outlook.timezone" => {
                self.zone = NamedZone::parse(value).ok_or_else(zone_unknown)?;
                true
            }
            "outlook.body-content-type" => {
                self.text_body = value.eq_ignore_ascii_case("text");
                true
            }
            "odata.maxpagesize" | "maxpagesize" => {
                self.page = value.parse().ok().filter(|size| *size > 0);
                self.page.is_some()
            }
            _ => false,
        };
        if honoured {
            self.applied.push(preference.trim().into());
        }
        Ok(())
    }
}

/// 400 for a time zone nobody knows.
pub(crate) fn zone_unknown() -> Refusal {
    Refusal::bad("TimeZoneNotSupportedException", "A valid TimeZone value must be specified.")
}

/// Splits at commas outside quotes.
fn parts(header: &str) -> Vec<&str> {
    let mut quoted = false;
    let split = header.split(move |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    split.map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(value: &'static str) -> Result<Prefer, Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert("prefer", HeaderValue::from_static(value));
        Prefer::read(&headers)
    }

    #[test]
    fn one_header_holds_several_preferences_and_those_honoured_are_named() {
        let prefer = read(
            "IdType=\"ImmutableId\", outlook.timezone=\"Europe/Paris\", odata.maxpagesize=50, respond-async",
        )
        .unwrap();
        assert_eq!(prefer.ids, IdForm::Immutable);
        assert_eq!(prefer.zone.name(), "Europe/Paris");
        assert_eq!(prefer.page, Some(50));
        assert_eq!(prefer.applied.len(), 3);
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        assert_eq!(read("outlook.timezone=\"Mars\"").unwrap_err().code, "TimeZoneNotSupportedException");
    }
}
