//! Bytes sealed under a passphrase: argon2id (RFC 9106), then AES-256-GCM.
//!
//! Magic (8) ‖ version (1) ‖ memory in KiB (4) ‖ passes (4) ‖ lanes (4) ‖ salt (16) ‖ nonce (12) ‖ ciphertext ‖
//! tag (16) ‖ checksum (8). Everything before the ciphertext is authenticated with it. The checksum, a cut
//! SHA-256 over all before it, is no protection: it tells a file that rotted from a wrong passphrase. Magic,
//! version and checksum keep their places in every version to come.

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use starmesh_provider::env::Entropy;
use zeroize::Zeroizing;

const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 8;

/// Everything before the ciphertext.
const HEAD_BYTES: usize = 8 + 1 + 3 * 4 + SALT_BYTES + NONCE_BYTES;

/// The version that is written, and the newest that is read.
pub(super) const VERSION: u8 = 1;

/// The most that a file may ask for: beyond these somebody wants to exhaust this machine.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 16;
const LANES_MAX: u32 = 16;

/// What one guess at a passphrase costs. It is stored with what is sealed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PassphraseCost {
    /// Memory in KiB.
    memory_kib: u32,
    /// Passes over the memory.
    passes: u32,
    /// Lanes, which a guesser can compute at once.
    lanes: u32,
}

impl PassphraseCost {
    /// The second recommended option of RFC 9106, section 4: 64 MiB, 3 passes, 4 lanes.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };

    /// Next to nothing, for tests and throw-away demos: protects no real secret.
    pub const THROW_AWAY: Self = Self { memory_kib: 32, passes: 1, lanes: 1 };

    /// The cost stored in a file, if it is one that this machine should pay.
    fn checked(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let affordable = memory_kib <= MEMORY_KIB_MAX && passes <= PASSES_MAX && lanes <= LANES_MAX;
        let possible = Params::new(memory_kib, passes, lanes, Some(32)).is_ok();
        (affordable && possible).then_some(Self { memory_kib, passes, lanes })
    }
}

/// Why an envelope does not open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum EnvelopeError {
    Foreign,
    Damaged,
    Newer { found: u8 },
    WrongPassphrase,
    EmptyPassphrase,
    OutOfMemory,
}

/// Cost and salt: with a passphrase, they give a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) cost: PassphraseCost,
    pub(super) salt: [u8; SALT_BYTES],
}

impl Header {
    pub(super) fn fresh(cost: PassphraseCost, entropy: &dyn Entropy) -> Self {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt);
        Self { cost, salt }
    }
}

/// The key of a passphrase. Deriving it is slow by design, so it is kept while the header stays the same.
#[derive(Clone)]
pub(super) struct PassphraseKey {
    header: Header,
    key: Zeroizing<[u8; 32]>,
}

impl PassphraseKey {
    /// Blocks for as long as a guess takes.
    pub(super) fn derive(passphrase: &SecretString, header: Header) -> Result<Self, EnvelopeError> {
        let passphrase = passphrase.expose_secret();
        if passphrase.is_empty() {
            return Err(EnvelopeError::EmptyPassphrase);
        }
        let PassphraseCost { memory_kib, passes, lanes } = header.cost;
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| EnvelopeError::Damaged)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), &header.salt, &mut *key)
            .map_err(|_| EnvelopeError::OutOfMemory)?;
        Ok(Self { header, key })
    }

    pub(super) fn is_of(&self, header: &Header) -> bool {
        self.header == *header
    }

    /// Seals `content` under a fresh nonce.
    pub(super) fn seal(
        &self,
        magic: [u8; 8],
        content: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let mut bytes = Vec::with_capacity(HEAD_BYTES + content.len() + 16 + CHECKSUM_BYTES);
        bytes.extend_from_slice(&magic);
        bytes.push(VERSION);
        let PassphraseCost { memory_kib, passes, lanes } = self.header.cost;
        for number in [memory_kib, passes, lanes] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.header.salt);
        bytes.extend_from_slice(&nonce);
        // Room for the tag, so that no reallocation leaves a copy behind; sealed in place.
        let mut sealed = Vec::with_capacity(content.len() + 16);
        sealed.extend_from_slice(content);
        Aes256Gcm::new((&*self.key).into())
            .encrypt_in_place(&nonce.into(), &bytes, &mut sealed)
            .map_err(|_| EnvelopeError::OutOfMemory)?;
        bytes.append(&mut sealed);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum[..CHECKSUM_BYTES]);
        Ok(bytes)
    }

    /// Opens an envelope with this key's header.
    pub(super) fn open(&self, envelope: &Envelope<'_>) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let mut content = Zeroizing::new(envelope.sealed.to_vec());
        Aes256Gcm::new((&*self.key).into())
            .decrypt_in_place(&envelope.nonce.into(), envelope.head, &mut *content)
            .map_err(|_| EnvelopeError::WrongPassphrase)?;
        Ok(content)
    }
}

/// A whole envelope, not yet opened.
pub(super) struct Envelope<'a> {
    pub(super) header: Header,
    head: &'a [u8],
    nonce: [u8; NONCE_BYTES],
    sealed: &'a [u8],
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(magic: [u8; 8], bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        if !bytes.starts_with(&magic) {
            return Err(EnvelopeError::Foreign);
        }
        let length = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or(EnvelopeError::Damaged)?;
        let (body, checksum) = bytes.split_at(length);
        if Sha256::digest(body)[..CHECKSUM_BYTES] != *checksum {
            return Err(EnvelopeError::Damaged);
        }
        match body.get(8) {
            None | Some(0) => Err(EnvelopeError::Damaged),
            Some(&found) if found > VERSION => Err(EnvelopeError::Newer { found }),
            Some(_) => Self::parse_head(body).ok_or(EnvelopeError::Damaged),
        }
    }

    fn parse_head(body: &'a [u8]) -> Option<Self> {
        let (head, sealed) = body.split_at_checked(HEAD_BYTES)?;
        let number = |at: usize| Some(u32::from_be_bytes(head.get(at..at + 4)?.try_into().ok()?));
        let cost = PassphraseCost::checked(number(9)?, number(13)?, number(17)?)?;
        let salt = head.get(21..21 + SALT_BYTES)?.try_into().ok()?;
        let nonce = head.get(21 + SALT_BYTES..)?.try_into().ok()?;
        Some(Self { header: Header { cost, salt }, head, nonce, sealed })
    }
}

#[cfg(test)]
mod tests {
    use starmesh_provider::env::SystemEntropy;

    use super::*;

    const MAGIC: [u8; 8] = *b"TESTTEST";

    fn key(passphrase: &str, header: Header) -> PassphraseKey {
        PassphraseKey::derive(&passphrase.into(), header).unwrap()
    }

    fn sealed() -> Vec<u8> {
        let header = Header::fresh(PassphraseCost::THROW_AWAY, &SystemEntropy);
        key("right", header).seal(MAGIC, b"content", &SystemEntropy).unwrap()
    }

    fn open(bytes: &[u8], passphrase: &str) -> Result<Vec<u8>, EnvelopeError> {
        let envelope = Envelope::parse(MAGIC, bytes)?;
        key(passphrase, envelope.header).open(&envelope).map(|content| content.to_vec())
    }

    fn with_fresh_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.truncate(bytes.len() - CHECKSUM_BYTES);
        let checksum = Sha256::digest(&bytes);
        bytes.extend_from_slice(&checksum[..CHECKSUM_BYTES]);
        bytes
    }

    #[test]
    fn only_the_right_passphrase_opens() {
        let bytes = sealed();
        assert_eq!(open(&bytes, "right").unwrap(), b"content");
        assert_eq!(open(&bytes, "wrong"), Err(EnvelopeError::WrongPassphrase));
        let empty = PassphraseKey::derive(&"".into(), Envelope::parse(MAGIC, &bytes).unwrap().header);
        assert!(matches!(empty, Err(EnvelopeError::EmptyPassphrase)));
    }

    #[test]
    fn every_flipped_or_missing_byte_is_damage_not_a_wrong_passphrase() {
        let bytes = sealed();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            let expected = if at < 8 { EnvelopeError::Foreign } else { EnvelopeError::Damaged };
            assert_eq!(open(&flipped, "right"), Err(expected), "byte {at}");
            let expected = if at < 8 { EnvelopeError::Foreign } else { EnvelopeError::Damaged };
            assert_eq!(open(&bytes[..at], "right"), Err(expected), "cut at {at}");
        }
    }

    #[test]
    fn an_alteration_with_a_matching_checksum_still_does_not_open() {
        let bytes = sealed();
        for at in 21..bytes.len() - CHECKSUM_BYTES {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(open(&with_fresh_checksum(flipped), "right"), Err(EnvelopeError::WrongPassphrase));
        }
    }

    #[test]
    fn a_newer_version_is_named() {
        let mut bytes = sealed();
        bytes[8] = VERSION + 1;
        assert_eq!(
            open(&with_fresh_checksum(bytes), "right"),
            Err(EnvelopeError::Newer { found: VERSION + 1 })
        );
    }

    #[test]
    fn a_file_cannot_ask_for_all_memory() {
        for (at, most) in [(9, MEMORY_KIB_MAX), (13, PASSES_MAX), (17, LANES_MAX)] {
            let mut bytes = sealed();
            bytes[at..at + 4].copy_from_slice(&(most + 1).to_be_bytes());
            assert_eq!(open(&with_fresh_checksum(bytes), "right"), Err(EnvelopeError::Damaged));
        }
    }

    #[test]
    fn the_standard_cost_is_possible() {
        let PassphraseCost { memory_kib, passes, lanes } = PassphraseCost::STANDARD;
        assert_eq!(PassphraseCost::checked(memory_kib, passes, lanes), Some(PassphraseCost::STANDARD));
    }
}
