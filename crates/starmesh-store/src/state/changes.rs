//! A transaction in the making.

use crate::Change;

/// Changes that are made together or not at all. The nouns of [`super`] add to it.
#[derive(Clone, Default, Debug)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// True when there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    pub(super) fn push(&mut self, change: Change) {
        self.0.push(change);
    }

    pub(super) fn into_inner(self) -> Vec<Change> {
        self.0
    }
}
