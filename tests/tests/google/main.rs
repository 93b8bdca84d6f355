//! The Google adapter on the simulated service: what the documents leave open, and what goes wrong.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a scene that cannot be set leaves nothing to test"
)]

mod budget;
mod in_process;
mod mesh;
mod push;
mod reading;
mod roles;
mod scene;
mod writing;
