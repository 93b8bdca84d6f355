//! What a TZID may look like in the wild.

use chrono_tz::{TZ_VARIANTS, Tz};
use windows_timezones::WindowsTimezone;

use super::Zone;

/// What Exchange writes for UTC.
const MICROSOFT_UTC: &str = "tzone://Microsoft/Utc";

/// Names of the IANA database that are UTC itself.
const UTC_NAMES: [Tz; 10] = [
    Tz::UTC,
    Tz::UCT,
    Tz::GMT,
    Tz::Zulu,
    Tz::Universal,
    Tz::Greenwich,
    Tz::Etc__UTC,
    Tz::Etc__GMT,
    Tz::Etc__UCT,
    Tz::Etc__Zulu,
];

pub(super) fn resolve(tzid: &str) -> Option<Zone> {
    let name = tzid.trim_matches(|c: char| c.is_whitespace() || c == '"');
    if name.eq_ignore_ascii_case("Z") || name.eq_ignore_ascii_case(MICROSOFT_UTC) {
        return Some(Zone::Utc);
    }
    let tz = path_suffixes(name).find_map(|suffix| iana(suffix).or_else(|| windows(suffix)))?;
    Some(if UTC_NAMES.contains(&tz) { Zone::Utc } else { Zone::Named(tz) })
}

/// The name itself, then what is left of it after each slash, longest first.
fn path_suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::once(name).chain(name.match_indices('/').map(|(slash, _)| &name[slash + 1..]))
}

fn iana(name: &str) -> Option<Tz> {
    name.parse().ok().or_else(|| {
        let name = name.replace(' ', "_");
        TZ_VARIANTS.iter().copied().find(|tz| tz.name().eq_ignore_ascii_case(&name))
    })
}

fn windows(name: &str) -> Option<Tz> {
    name.parse::<WindowsTimezone>().ok()?.tzdb_id().parse().ok()
}
