//! The Microsoft Graph adapter on the simulated service: what the documents leave open, and what goes wrong.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a scene that cannot be set leaves nothing to test"
)]

mod budget;
mod engine;
mod push;
mod reading;
mod scene;
mod sharing;
mod writing;
