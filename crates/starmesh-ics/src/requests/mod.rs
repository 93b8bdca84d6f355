//! The one request that there is.

mod get_feed;

pub(crate) use get_feed::{Answer, GetFeed, Validators};
