//! The seam to the world outside: the wall clock, randomness and the environment. Everything else takes them as
//! values.
//!
//! Sleeping is `tokio::time`, which the seeded world drives by hand.

use std::ffi::OsString;

use chrono::{DateTime, Utc};
use rand::Rng;

/// A variable of the environment. Only for what changes nothing that a program does, such as a record of it on
/// the side: all else reads the environment in its `main.rs`.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, on the world's clock.
    fn now(&self) -> DateTime<Utc>;
}

/// Draws random numbers, for identifiers, nonces' seeds and jitter.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);

    /// A number in `[0, 1)`, for jitter.
    fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}

/// The computer's clock.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the seam itself")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Default, Debug)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the seam itself")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}
