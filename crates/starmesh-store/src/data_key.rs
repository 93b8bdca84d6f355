//! The key under which the database is sealed.

use std::fmt;

use starmesh_provider::env::Entropy;
use zeroize::Zeroizing;

/// The 256-bit key of the database. It lives in the vault; losing it loses the database, but no mirror.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// The key with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(&mut *bytes);
        Self(bytes)
    }

    /// The bytes, for the vault.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", DataKey::new([0xab; 32])), "DataKey(..)");
    }
}
