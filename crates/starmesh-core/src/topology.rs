//! Which calendar feeds which.
