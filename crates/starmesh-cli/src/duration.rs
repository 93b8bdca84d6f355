//! Lengths of time as people type them.

use std::time::Duration;

/// The units, with how many milliseconds each has.
const UNITS: [(&str, u64); 6] =
    [("ms", 1), ("s", 1_000), ("sec", 1_000), ("m", 60_000), ("min", 60_000), ("h", 3_600_000)];

/// `80ms`, `30s`, `5m` or `5min`, `1h`: a whole number and a unit.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let problem = || "a whole number and a unit: 80ms, 30s, 5min, 1h".to_owned();
    let number: u64 = number.parse().map_err(|_| problem())?;
    let (_, each) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(problem)?;
    number.checked_mul(*each).map(Duration::from_millis).ok_or_else(problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_with_a_unit_is_a_duration() {
        let rows = [("80ms", 80), ("30s", 30_000), ("30 s", 30_000), ("5min", 300_000), ("5m", 300_000)];
        for (text, ms) in rows {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in
            ["", "30", "s", "-5s", "1.5s", "5 years", "99999999999999999999s", "18446744073709551615h"]
        {
            let problem = parse_duration(text).unwrap_err();
            assert!(problem.contains("30s"), "{text}: {problem}");
        }
    }
}
