//! `Retry-After` (RFC 9110, section 10.2.3).

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// The longest delay that is believed; a longer one is a mistake of the server, or of its clock.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// How long the server asks us to wait: seconds, or a date. A date is compared with the server's own
/// `Date` where it gave one, so that a wrong clock on either side does no harm, else with `now`.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = if let Some(delay) = seconds(text) {
        delay
    } else {
        let then = http_date(text)?;
        let now = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?)).unwrap_or(now);
        (then - now).to_std().unwrap_or(Duration::ZERO)
    };
    Some(delay.min(RETRY_AFTER_MAX))
}

/// Seconds, which Microsoft also writes with a fraction (`2.128`).
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // More digits than a number holds are a delay beyond any limit.
    let whole = whole.parse().unwrap_or(u64::MAX);
    let has_rest = fraction.bytes().any(|digit| digit != b'0');
    Some(Duration::from_secs(whole.saturating_add(u64::from(has_rest))))
}

/// A date in any of the three forms of RFC 9110, section 5.6.7.
fn http_date(text: &str) -> Option<DateTime<Utc>> {
    const OBSOLETE: [&str; 2] = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.to_utc());
    }
    OBSOLETE.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()).map(|date| date.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delay(value: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        let now = DateTime::parse_from_rfc3339("1994-11-06T08:49:00Z").unwrap().to_utc();
        retry_after(&headers, now).map(|delay| delay.as_secs())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(delay("120", None), Some(120));
        assert_eq!(delay("2.128", None), Some(3));
        assert_eq!(delay("2.0", None), Some(2));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:37 GMT", None), Some(37));
        assert_eq!(delay("Sunday, 06-Nov-94 08:49:37 GMT", None), Some(37));
        assert_eq!(delay("Sun Nov  6 08:49:37 1994", None), Some(37));
    }

    #[test]
    fn a_date_is_measured_on_the_servers_clock() {
        assert_eq!(delay("Sun, 06 Nov 1994 09:00:10 GMT", Some("Sun, 06 Nov 1994 09:00:00 GMT")), Some(10));
    }

    #[test]
    fn nonsense_and_the_past_do_no_harm() {
        assert_eq!(delay("soon", None), None);
        assert_eq!(delay("-5", None), None);
        assert_eq!(delay(".5", None), None);
        assert_eq!(delay("1e9", None), None);
        assert_eq!(delay("Sun, 06 Nov 1994 08:00:00 GMT", None), Some(0));
        assert_eq!(delay("99999999", None), Some(86_400));
    }
}
