//! The mirror: a busy block, its deterministic identity and the SYNC-FB mark that proves it is ours.

mod body;
mod color;
mod key;
mod mark;
mod record;

pub use body::{Fingerprint, Label, MirrorAvailability, MirrorBody};
pub use color::{Color, FoundColor, UnknownColor};
pub use key::{IdentityKey, Incarnation, MeetingId, MirrorKey, MirrorKeys, ProviderId};
pub use mark::{Mark, Proof};
pub use record::{MirrorRecord, MirrorSpec, PlacedMirror};
