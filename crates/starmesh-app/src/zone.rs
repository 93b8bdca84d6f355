//! The zone in which a calendar's floating times are read: fixed when the calendar is added, so that two
//! devices agree.

use chrono_tz::Tz;

/// The setting, else the calendar's own zone, else `TZ`, else the system's, else UTC.
pub(crate) fn fixed_zone(setting: Option<&str>, calendar: Option<&str>, environment: Option<&str>) -> Tz {
    let system = iana_time_zone::get_timezone().ok();
    [setting, calendar, environment, system.as_deref()]
        .into_iter()
        .flatten()
        .find_map(named)
        .unwrap_or(Tz::UTC)
}

/// The zone in which times are shown: `TZ`, else the system's, else UTC.
pub fn local_zone(environment: Option<&str>) -> Tz {
    fixed_zone(None, None, environment)
}

/// The zone a text names, if it names one. `TZ` may put a colon before the name.
fn named(text: &str) -> Option<Tz> {
    text.trim_start_matches(':').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_comes_before_the_calendar_and_the_calendar_before_the_environment() {
        let rows = [
            (Some("Europe/Berlin"), Some("Asia/Tokyo"), Some("America/New_York"), Tz::Europe__Berlin),
            (None, Some("Asia/Tokyo"), Some("America/New_York"), Tz::Asia__Tokyo),
            (None, Some("No/Zone"), Some(":America/New_York"), Tz::America__New_York),
            (None, None, Some("America/New_York"), Tz::America__New_York),
        ];
        for (setting, calendar, environment, expected) in rows {
            assert_eq!(fixed_zone(setting, calendar, environment), expected);
        }
    }
}
