//! A set of small numbers: hours, minutes, days of a month.

/// Numbers from 0 to 63. Empty means that the rule does not say.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Numbers(u64);

impl Numbers {
    /// The set that holds `number` alone.
    pub(crate) fn only(number: u32) -> Self {
        let mut numbers = Self::default();
        numbers.insert(number);
        numbers
    }

    /// Adds `number`; one above 63 is never asked for and changes nothing.
    pub(crate) fn insert(&mut self, number: u32) {
        self.0 |= 1_u64.checked_shl(number).unwrap_or(0);
    }

    /// True when the rule does not say.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True when `number` is in the set.
    pub(crate) fn contains(self, number: u32) -> bool {
        self.0 & 1_u64.checked_shl(number).unwrap_or(0) != 0
    }

    /// True when `number` is in the set or the rule does not say.
    pub(crate) fn allows(self, number: u32) -> bool {
        self.is_empty() || self.contains(number)
    }

    /// The smallest member above `number`.
    pub(crate) fn above(self, number: u32) -> Option<u32> {
        let rest = self.0 & u64::MAX.checked_shl(number + 1).unwrap_or(0);
        (rest != 0).then(|| rest.trailing_zeros())
    }

    /// The members, ascending.
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> + Clone {
        (0..u64::BITS).filter(move |&number| self.contains(number))
    }

    /// This set, or `number` alone where the rule does not say.
    pub(crate) fn or_only(self, number: u32) -> Self {
        if self.is_empty() { Self::only(number) } else { self }
    }
}
