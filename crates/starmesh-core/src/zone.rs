//! Time zones as calendars name them.

use std::sync::Arc;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Where a wall clock hangs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Zone {
    /// UTC.
    Utc,
    /// No zone: the wall clock of the reader, fixed per calendar.
    Floating,
    /// A zone of the IANA database.
    Named(Tz),
    /// The rules a file brought itself (VTIMEZONE).
    Custom(Arc<CustomZone>),
}

/// Offsets as a VTIMEZONE states them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct CustomZone {
    /// Offset in seconds before the first transition.
    pub initial_offset: i32,
    /// Instants (seconds since the epoch) and the offset in seconds from then on, ascending.
    pub transitions: Vec<(i64, i32)>,
}
