//! Time zones by the names Graph takes: those of Windows, and those of the IANA database.
//!
//! Source: `dateTimeTimeZone` (<https://learn.microsoft.com/en-us/graph/api/resources/datetimetimezone>).

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use starmesh_core::zone::Zone;
use windows_timezones::WindowsTimezone;

/// A zone and the name by which it was given: answers repeat the name, they do not translate it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedZone {
    name: String,
    zone: Zone,
}

impl NamedZone {
    /// UTC, the zone of every answer unless asked for otherwise.
    pub fn utc() -> Self {
        Self { name: "UTC".into(), zone: Zone::Utc }
    }

    /// The zone of a name; `None` when neither Windows nor the IANA database has it.
    ///
    /// Stricter than what a calendar file may say: no vendor's path, no other case.
    pub fn parse(name: &str) -> Option<Self> {
        let known = name.parse::<WindowsTimezone>().is_ok_and(|zone| zone.name() == name)
            || name.parse::<Tz>().is_ok()
            || name == "tzone://Microsoft/Utc";
        let zone = known.then(|| Zone::resolve(name)).flatten()?;
        Some(Self { name: name.into(), zone })
    }

    /// The name as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant at which the zone's wall clock shows `local`.
    pub(crate) fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        self.zone.to_utc(local, &Zone::Utc)
    }

    /// What the zone's wall clock shows at `instant`.
    pub(crate) fn wall(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        self.zone.to_local(instant, &Zone::Utc)
    }
}

#[cfg(test)]
mod tests {
    use super::super::zone_names::WINDOWS_NAMES;
    use super::*;

    #[test]
    fn names_of_windows_and_of_the_iana_database_are_known_and_no_others() {
        for name in ["UTC", "W. Europe Standard Time", "Europe/Berlin", "Pacific Standard Time"] {
            assert_eq!(NamedZone::parse(name).map(|zone| zone.name), Some(name.to_owned()));
        }
        for name in ["", "Mars/Olympus", "/vendor.org/Europe/Berlin", "tzone://Microsoft/Custom"] {
            assert_eq!(NamedZone::parse(name), None, "{name}");
        }
    }

    #[test]
    fn every_listed_windows_name_is_a_zone() {
        for name in WINDOWS_NAMES {
            assert!(NamedZone::parse(name).is_some(), "{name}");
        }
    }
}
