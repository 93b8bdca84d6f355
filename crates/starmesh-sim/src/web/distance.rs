//! How far away a served simulator is.

use std::time::Duration;

/// The time that every request to a served simulator takes on its way, there and back: half of it passes
/// before the request arrives, half before its answer does. Setting up a connection takes none.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RoundTrip(Duration);

impl RoundTrip {
    /// Next door.
    pub const NONE: Self = Self(Duration::ZERO);

    /// The longest: beyond it clients give up before the simulator has answered.
    pub const LONGEST: Duration = Duration::from_secs(10);

    /// A round trip of `time`; `None` beyond [`RoundTrip::LONGEST`].
    pub fn new(time: Duration) -> Option<Self> {
        (time <= Self::LONGEST).then_some(Self(time))
    }

    /// The whole of it.
    pub fn time(self) -> Duration {
        self.0
    }

    /// One way passes.
    pub(super) async fn one_way(self) {
        if !self.0.is_zero() {
            tokio::time::sleep(self.0 / 2).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_that_no_client_waits_for_is_refused() {
        assert_eq!(RoundTrip::new(Duration::ZERO), Some(RoundTrip::NONE));
        assert!(RoundTrip::new(RoundTrip::LONGEST).is_some());
        assert_eq!(RoundTrip::new(RoundTrip::LONGEST + Duration::from_millis(1)), None);
    }
}
