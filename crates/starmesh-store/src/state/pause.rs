//! What a person lets stand still, and until when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A standstill that a person asked for.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Pause {
    /// When it ends by itself; `None` when somebody has to end it.
    pub until: Option<DateTime<Utc>>,
}

impl Pause {
    /// True while it lasts.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// The later of two, either of which may be none.
    pub fn longer(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(Self { until: Some(one) }), Some(Self { until: Some(other) })) => {
                Some(Self { until: Some(one.max(other)) })
            }
            (Some(_), Some(_)) => Some(Self { until: None }),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_pause_ends_at_its_hour_and_the_longer_of_two_counts() {
        let at = |hour| Utc.with_ymd_and_hms(2026, 12, 1, hour, 0, 0).unwrap();
        let until = |hour| Pause { until: Some(at(hour)) };
        let endless = Pause { until: None };
        assert!(until(9).holds(at(8)) && !until(9).holds(at(9)) && endless.holds(at(9)));
        assert_eq!(Pause::longer(Some(until(8)), Some(until(9))), Some(until(9)));
        assert_eq!(Pause::longer(Some(until(8)), Some(endless)), Some(endless));
        assert_eq!(Pause::longer(None, Some(until(8))), Some(until(8)));
        assert_eq!(Pause::longer(None, None), None);
    }
}
