//! Which occurrences count.
