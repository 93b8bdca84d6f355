//! Where the rules come from.

use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use starmesh_core::zone::Zone;

use crate::case::{Case, Class, Frequency, Until};

const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Asia/Kolkata",
    "Europe/London",
];

impl Case {
    pub(crate) fn random(rng: &mut ChaCha8Rng) -> Self {
        let frequency = match rng.random_range(0..100) {
            0..24 => Frequency::Yearly,
            24..50 => Frequency::Monthly,
            50..70 => Frequency::Weekly,
            70..88 => Frequency::Daily,
            88..94 => Frequency::Hourly,
            94..98 => Frequency::Minutely,
            _ => Frequency::Secondly,
        };
        let below_day = frequency < Frequency::Daily;
        let whole_day = !below_day && rng.random_ratio(1, 8);
        let start = random_start(rng, whole_day);
        let mut case = Self {
            start,
            whole_day,
            zone: (!whole_day && rng.random_ratio(1, 2)).then(|| ZONES[rng.random_range(0..ZONES.len())]),
            frequency,
            interval: if rng.random_ratio(1, 2) { 1 } else { rng.random_range(2..=13) },
            week_start: rng.random_ratio(1, 3).then(|| rng.random_range(0..7)),
            months: vec![],
            weeks: vec![],
            year_days: vec![],
            month_days: vec![],
            plain_days: vec![],
            numbered_days: vec![],
            hours: vec![],
            minutes: vec![],
            seconds: vec![],
            places: vec![],
            count: None,
            until: None,
            lo: start,
            hi: start,
        };
        case.choose_days(rng);
        if !whole_day {
            case.choose_times(rng);
        }
        // Where the two sides make different sets, places in them mean different dates.
        let place = rng.random_ratio(1, 6);
        if place && case.class() != Class::NumberedAndPlainDays && !case.reaches_week_one() {
            // A minute or a second is one candidate, unless seconds are listed.
            let limit = if frequency < Frequency::Hourly { 1 } else { 5 };
            case.places = several(rng, 3, |rng| signed(rng, limit));
        }
        case.choose_range_and_end(rng);
        case
    }

    fn choose_days(&mut self, rng: &mut ChaCha8Rng) {
        // Below a day one filter at a time, or nothing is ever found.
        let mut left = if self.frequency < Frequency::Daily { 1 } else { 3 };
        let mut wanted = |rng: &mut ChaCha8Rng, odds: u32| {
            let yes = left > 0 && rng.random_ratio(1, odds);
            left -= u32::from(yes);
            yes
        };
        if wanted(rng, 4) {
            self.months = several(rng, 5, |rng| rng.random_range(1..=12));
            if self.frequency < Frequency::Hourly {
                // dateutil looks at every minute until it reaches the month.
                self.months.push(i32::try_from(self.start.month()).unwrap());
            }
        }
        if wanted(rng, 3) {
            let numbered = self.frequency >= Frequency::Monthly;
            for _ in 0..rng.random_range(1..=3) {
                let day = rng.random_range(0..7);
                if numbered && rng.random_ratio(1, 2) {
                    let in_month = self.frequency == Frequency::Monthly || !self.months.is_empty();
                    self.numbered_days.push((signed(rng, if in_month { 5 } else { 53 }), day));
                } else {
                    self.plain_days.push(day);
                }
            }
        }
        if wanted(rng, 4) {
            self.month_days = several(rng, 4, |rng| signed(rng, 31));
        }
        if wanted(rng, if self.frequency == Frequency::Yearly { 6 } else { 30 }) {
            self.year_days = several(rng, 6, |rng| signed(rng, 366));
        }
        if wanted(rng, if self.frequency == Frequency::Yearly { 4 } else { 30 }) {
            self.weeks = several(rng, 6, |rng| signed(rng, 53));
        }
    }

    fn choose_times(&mut self, rng: &mut ChaCha8Rng) {
        if rng.random_ratio(1, 6) {
            self.hours = several(rng, 3, |rng| rng.random_range(0..24));
        }
        if rng.random_ratio(1, 10) {
            self.minutes = several(rng, 3, |rng| rng.random_range(0..60));
        }
        if rng.random_ratio(1, 16) {
            self.seconds = several(rng, 3, |rng| rng.random_range(0..60));
        }
    }

    fn choose_range_and_end(&mut self, rng: &mut ChaCha8Rng) {
        let (ahead_days, length) = match self.frequency {
            Frequency::Yearly => (1_800, TimeDelta::days(1_600)),
            Frequency::Monthly => (700, TimeDelta::days(400)),
            Frequency::Weekly => (500, TimeDelta::days(150)),
            Frequency::Daily => (150, TimeDelta::days(60)),
            Frequency::Hourly => (5, TimeDelta::days(4)),
            Frequency::Minutely => (0, TimeDelta::hours(5)),
            Frequency::Secondly => (0, TimeDelta::minutes(4)),
        };
        let ahead = if rng.random_ratio(1, 2) { 0 } else { rng.random_range(0..=ahead_days) };
        // A little before, so that DTSTART itself is often inside.
        let slack = TimeDelta::minutes(if self.frequency < Frequency::Hourly { 1 } else { 901 });
        let start = self.zone().to_utc(self.start, &Zone::Utc).naive_utc();
        self.lo = start + TimeDelta::days(ahead) - slack;
        self.hi = start + TimeDelta::days(ahead) + slack + length;
        match rng.random_range(0..10) {
            // With dates that only one side knows a count would end elsewhere.
            0..3 if !self.reaches_week_one() => self.count = Some(rng.random_range(1..40)),
            3..6 => {
                let span = (self.hi - self.start).num_minutes();
                let end = self.start + TimeDelta::minutes(rng.random_range(-span.abs() / 20..=span.abs()));
                self.until = Some(match rng.random_range(0..3) {
                    _ if self.whole_day => Until::Day(end.date()),
                    0 => Until::Day(end.date()),
                    1 => Until::Wall(end),
                    _ => Until::Utc(end),
                });
            }
            _ => {}
        }
    }
}

fn random_start(rng: &mut ChaCha8Rng, whole_day: bool) -> NaiveDateTime {
    let year = rng.random_range(2015..2027);
    let day = match rng.random_range(0..8) {
        0 => NaiveDate::from_ymd_opt(year / 4 * 4, 2, 29),
        1 => NaiveDate::from_ymd_opt(year, 12, 31),
        2 => NaiveDate::from_ymd_opt(year, 1, rng.random_range(28..=31)),
        // The months in which clocks change.
        3 => NaiveDate::from_ymd_opt(year, [3, 4, 10, 11][rng.random_range(0..4)], rng.random_range(1..=30)),
        _ => NaiveDate::from_yo_opt(year, rng.random_range(1..=365)),
    };
    let day = day.unwrap();
    if whole_day {
        return day.and_hms_opt(0, 0, 0).unwrap();
    }
    let hour = if rng.random_ratio(1, 3) { rng.random_range(1..4) } else { rng.random_range(0..24) };
    day.and_hms_opt(hour, rng.random_range(0..4) * 15, 0).unwrap()
}

fn several(rng: &mut ChaCha8Rng, most: usize, mut one: impl FnMut(&mut ChaCha8Rng) -> i32) -> Vec<i32> {
    let mut numbers: Vec<_> = (0..rng.random_range(1..=most)).map(|_| one(rng)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// A number other than zero, at most `limit` either way, more often small.
fn signed(rng: &mut ChaCha8Rng, limit: i32) -> i32 {
    let limit = if rng.random_ratio(1, 2) { limit.min(5) } else { limit };
    let size = rng.random_range(1..=limit);
    if rng.random_ratio(1, 3) { -size } else { size }
}
