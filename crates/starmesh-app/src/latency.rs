//! How long changes took from signal to busy block, link by link.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::LinkId;
use starmesh_store::state::Journey;

use crate::dto::LatencyDto;
use crate::names::Directory;

/// Over how long latency is measured.
pub(crate) const LATENCY_WINDOW: TimeDelta = TimeDelta::days(7);

/// How many journeys are looked at, the newest first: as many as are kept.
pub(crate) const JOURNEYS_MAX: usize = 10_000;

/// The latency of each link over the last days; links without a write are not named.
pub(crate) fn latencies(directory: &Directory, journeys: &[Journey], now: DateTime<Utc>) -> Vec<LatencyDto> {
    let mut of_links: BTreeMap<&LinkId, Vec<i64>> = BTreeMap::new();
    for journey in journeys.iter().filter(|journey| now - journey.steps.placed < LATENCY_WINDOW) {
        let took = (journey.steps.placed - journey.steps.signalled).num_milliseconds().max(0);
        of_links.entry(&journey.link).or_default().push(took);
    }
    let latency = |(link, mut took): (&LinkId, Vec<i64>)| {
        took.sort_unstable();
        LatencyDto {
            link: directory.link(link),
            writes: took.len() as u64,
            p50_ms: percentile(&took, 50),
            p95_ms: percentile(&took, 95),
        }
    };
    let mut latencies: Vec<LatencyDto> = of_links.into_iter().map(latency).collect();
    latencies.sort_by(|a, b| a.link.cmp(&b.link));
    latencies
}

/// The smallest value that so many percent do not exceed.
fn percentile(sorted: &[i64], percent: usize) -> i64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 95)), (50, 95));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 95)), (7, 7));
        assert_eq!((percentile(&[1, 9], 50), percentile(&[1, 9], 95)), (1, 9));
    }
}
