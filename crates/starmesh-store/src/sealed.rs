//! A row as the disk may see it: keyed hashes to find it by, and one AES-256-GCM envelope with the rest.
//!
//! From the data key come (HKDF-SHA-256, RFC 5869) one key for hashes and one root for rows. Every row is
//! sealed under a key of its own, derived from the root, the table, the row's key hash and the key epoch,
//! so that no GCM key ever sees more than the few versions of one row and random 96-bit nonces are safe
//! (NIST SP 800-38D, section 8.3). What stands in clear beside the envelope is authenticated with it, so a
//! row that was altered, or moved to another place, does not open.
//!
//! Envelope: format (1 byte) ‖ key epoch (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16).

use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::data_key::DataKey;
use crate::row::{Row, StoreError};

/// Length of a keyed hash: HMAC-SHA-256 cut to 160 bits, as mirror keys are.
pub(crate) const HASH_BYTES: usize = 20;

/// Length of a nonce: 96 bits (NIST SP 800-38D, section 5.2.1.1).
pub(crate) const NONCE_BYTES: usize = 12;

/// The layout of envelopes and of what they hold. It is authenticated and lives on when the schema changes.
const FORMAT: u8 = 1;

/// Which derivation of the row keys is in use; a rotation of keys would count it up.
const EPOCH: u32 = 1;

/// The envelope's part before the ciphertext.
const HEAD_BYTES: usize = 1 + 4 + NONCE_BYTES;

/// Sealed content is padded to a multiple of this, so that its length tells little.
const PADDING_BYTES: usize = 64;

/// A keyed hash of a key, a parent or a look-up.
pub(crate) type KeyedHash = [u8; HASH_BYTES];

/// A nonce, freshly drawn for every sealing.
pub(crate) type Nonce = [u8; NONCE_BYTES];

/// Seals and opens rows.
pub(crate) struct Sealer {
    hashes: Hmac<Sha256>,
    row_keys: Hkdf<Sha256>,
}

/// A row at rest.
pub(crate) struct SealedRow {
    pub(crate) key_hash: KeyedHash,
    pub(crate) parent_hash: KeyedHash,
    pub(crate) at_ms: i64,
    pub(crate) envelope: Vec<u8>,
}

impl Sealer {
    pub(crate) fn new(key: &DataKey) -> Self {
        let root = Hkdf::<Sha256>::new(Some(b"starmesh database"), key.expose());
        let hash_key = derive(&root, &[b"hashes"]);
        let row_root = derive(&root, &[b"rows"]);
        // An HMAC key shorter than the hash's block is padded with zeros (RFC 2104, section 2).
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&*hash_key);
        Self {
            hashes: <Hmac<Sha256> as KeyInit>::new((&*block).into()),
            row_keys: Hkdf::<Sha256>::new(Some(b"starmesh rows"), &*row_root),
        }
    }

    pub(crate) fn key_hash(&self, table: &str, key: &[u8]) -> KeyedHash {
        self.hash(&[table.as_bytes(), b"key", key])
    }

    pub(crate) fn parent_hash(&self, table: &str, parent: &[u8]) -> KeyedHash {
        self.hash(&[table.as_bytes(), b"parent", parent])
    }

    pub(crate) fn lookup_hash(&self, table: &str, parent: &[u8], lookup: &[u8]) -> KeyedHash {
        self.hash(&[table.as_bytes(), b"lookup", parent, lookup])
    }

    /// The row at rest, under a nonce that was never used before.
    pub(crate) fn seal(&self, table: &str, row: &Row, nonce: Nonce) -> Result<SealedRow, StoreError> {
        let mut sealed = SealedRow {
            key_hash: self.key_hash(table, &row.key),
            parent_hash: self.parent_hash(table, &row.parent),
            at_ms: row.at_ms,
            envelope: Vec::new(),
        };
        let mut content = encode(row)?;
        self.cipher(table, &sealed.key_hash, EPOCH)
            .encrypt_in_place(&nonce.into(), &associated(table, &sealed, FORMAT, EPOCH), &mut content)
            .map_err(|_| too_large())?;
        sealed.envelope.reserve_exact(HEAD_BYTES + content.len());
        sealed.envelope.push(FORMAT);
        sealed.envelope.extend_from_slice(&EPOCH.to_be_bytes());
        sealed.envelope.extend_from_slice(&nonce);
        sealed.envelope.append(&mut content);
        Ok(sealed)
    }

    /// What was sealed outside the database, under a key and with no parent, no look-up and no time.
    pub(crate) fn sealed_at(&self, place: &str, envelope: Vec<u8>) -> SealedRow {
        let (key_hash, parent_hash) = (self.key_hash(place, place.as_bytes()), self.parent_hash(place, b""));
        SealedRow { key_hash, parent_hash, at_ms: 0, envelope }
    }

    /// The row, if it is the one that was sealed for this place.
    pub(crate) fn open(&self, table: &'static str, sealed: &SealedRow) -> Result<Row, StoreError> {
        let damaged = StoreError::Damaged { table };
        self.try_open(table, sealed).ok_or(damaged)
    }

    fn try_open(&self, table: &str, sealed: &SealedRow) -> Option<Row> {
        let (head, ciphertext) = sealed.envelope.split_at_checked(HEAD_BYTES)?;
        let format = head[0];
        let epoch = u32::from_be_bytes(head[1..5].try_into().ok()?);
        let nonce: Nonce = head[5..].try_into().ok()?;
        if format != FORMAT {
            return None;
        }
        let mut content = ciphertext.to_vec();
        self.cipher(table, &sealed.key_hash, epoch)
            .decrypt_in_place(&nonce.into(), &associated(table, sealed, format, epoch), &mut content)
            .ok()?;
        // The hashes need no second look: the content was authenticated together with them.
        decode(&content, sealed.at_ms)
    }

    fn cipher(&self, table: &str, key_hash: &[u8], epoch: u32) -> Aes256Gcm {
        let key = derive(&self.row_keys, &[table.as_bytes(), b"\0", key_hash, &epoch.to_be_bytes()]);
        Aes256Gcm::new((&*key).into())
    }

    /// Fields are length-prefixed, so that no two lists of fields give one input.
    fn hash(&self, fields: &[&[u8]]) -> KeyedHash {
        let mut mac = self.hashes.clone();
        for field in fields {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        let full = mac.finalize().into_bytes();
        let mut short = [0; HASH_BYTES];
        short.copy_from_slice(&full[..HASH_BYTES]);
        short
    }
}

/// 32 bytes out of `root`. HKDF gives up to 255 blocks; one is asked for, so this cannot fail.
fn derive(root: &Hkdf<Sha256>, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let derived = root.expand_multi_info(info, &mut *key);
    assert!(derived.is_ok(), "one block of HKDF output is always to be had");
    key
}

/// What is authenticated but not hidden: the format, and where the row belongs.
fn associated(table: &str, sealed: &SealedRow, format: u8, epoch: u32) -> Vec<u8> {
    let mut bytes = b"starmesh row".to_vec();
    bytes.push(format);
    bytes.extend_from_slice(&epoch.to_be_bytes());
    bytes.extend_from_slice(&sealed.at_ms.to_be_bytes());
    bytes.extend_from_slice(&sealed.key_hash);
    bytes.extend_from_slice(&sealed.parent_hash);
    bytes.extend_from_slice(table.as_bytes());
    bytes
}

/// Key ‖ parent ‖ value ‖ look-ups, each after its length; then zeros up to the padded length.
pub(crate) fn encode(row: &Row) -> Result<Vec<u8>, StoreError> {
    let fields = [&row.key, &row.parent, &row.value].into_iter().chain(&row.lookups);
    let length: usize = 4 + fields.clone().map(|field| 4 + field.len()).sum::<usize>();
    // Room for the padding and the tag, so that no reallocation leaves a copy behind.
    let mut bytes = Vec::with_capacity(length + PADDING_BYTES + 16);
    let count = u32::try_from(row.lookups.len()).map_err(|_| too_large())?;
    bytes.extend_from_slice(&count.to_be_bytes());
    for field in fields {
        let length = u32::try_from(field.len()).map_err(|_| too_large())?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes.resize(bytes.len().next_multiple_of(PADDING_BYTES), 0);
    Ok(bytes)
}

pub(crate) fn decode(content: &[u8], at_ms: i64) -> Option<Row> {
    let mut rest = content;
    let count = take_length(&mut rest)?;
    let key = take_field(&mut rest)?;
    let parent = take_field(&mut rest)?;
    let value = take_field(&mut rest)?;
    let lookups = (0..count).map(|_| take_field(&mut rest)).collect::<Option<Vec<_>>>()?;
    let padded = rest.len() < PADDING_BYTES && rest.iter().all(|byte| *byte == 0);
    padded.then_some(Row { key, parent, lookups, at_ms, value })
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

pub(crate) fn take_field(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = take_length(rest)?;
    let (field, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(field.to_vec())
}

fn too_large() -> StoreError {
    StoreError::Failed("a row is larger than a database can hold".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "mirrors";

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&DataKey::new([byte; 32]))
    }

    fn row() -> Row {
        Row {
            key: b"k".to_vec(),
            parent: b"p".to_vec(),
            lookups: vec![b"l".to_vec()],
            at_ms: 7,
            value: vec![9; 40],
        }
    }

    fn damaged(result: &Result<Row, StoreError>) -> bool {
        matches!(result, Err(StoreError::Damaged { table: TABLE }))
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(
            key: Vec<u8>, parent: Vec<u8>, lookups: Vec<Vec<u8>>, at_ms: i64, value: Vec<u8>, nonce: Nonce,
        ) {
            let row = Row { key, parent, lookups, at_ms, value };
            let sealed = sealer(1).seal(TABLE, &row, nonce).unwrap();
            prop_assert!(sealer(1).open(TABLE, &sealed).unwrap() == row);
        }

        #[test]
        fn a_flipped_bit_anywhere_is_noticed(at in 0_usize..256, bit in 0_u8..8) {
            let mut sealed = sealer(1).seal(TABLE, &row(), [3; 12]).unwrap();
            let at = at % sealed.envelope.len();
            sealed.envelope[at] ^= 1 << bit;
            prop_assert!(damaged(&sealer(1).open(TABLE, &sealed)));
        }
    }

    #[test]
    fn a_row_opens_in_its_own_place_only() {
        let sealer = sealer(1);
        let fresh = || sealer.seal(TABLE, &row(), [3; 12]).unwrap();
        assert!(sealer.open(TABLE, &fresh()).is_ok());
        assert!(sealer.open("items", &fresh()).is_err(), "another table");
        let other = sealer.seal(TABLE, &Row { key: b"other".to_vec(), ..row() }, [3; 12]).unwrap();
        assert!(
            damaged(&sealer.open(TABLE, &SealedRow { key_hash: other.key_hash, ..fresh() })),
            "another key"
        );
        let other = sealer.seal(TABLE, &Row { parent: b"other".to_vec(), ..row() }, [3; 12]).unwrap();
        assert!(
            damaged(&sealer.open(TABLE, &SealedRow { parent_hash: other.parent_hash, ..fresh() })),
            "parent"
        );
        assert!(damaged(&sealer.open(TABLE, &SealedRow { at_ms: 8, ..fresh() })), "another time");
    }

    #[test]
    fn another_key_opens_nothing() {
        let sealed = sealer(1).seal(TABLE, &row(), [3; 12]).unwrap();
        assert!(damaged(&sealer(2).open(TABLE, &sealed)));
    }

    #[test]
    fn every_cut_short_envelope_is_noticed() {
        let sealed = sealer(1).seal(TABLE, &row(), [3; 12]).unwrap();
        for length in 0..sealed.envelope.len() {
            let cut = SealedRow {
                envelope: sealed.envelope[..length].to_vec(),
                ..sealer(1).seal(TABLE, &row(), [3; 12]).unwrap()
            };
            assert!(damaged(&sealer(1).open(TABLE, &cut)));
        }
    }

    #[test]
    fn hashes_differ_by_table_and_by_role() {
        let sealer = sealer(1);
        let hashes = [
            sealer.key_hash("items", b"x"),
            sealer.key_hash("mirrors", b"x"),
            sealer.parent_hash("items", b"x"),
            sealer.lookup_hash("items", b"", b"x"),
            sealer.lookup_hash("items", b"x", b""),
        ];
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
    }

    #[test]
    fn nothing_of_a_row_stands_in_clear() {
        let secret = b"a-name-that-must-not-be-seen".to_vec();
        let row = Row {
            key: secret.clone(),
            parent: secret.clone(),
            lookups: vec![secret.clone()],
            at_ms: 1,
            value: secret.clone(),
        };
        let sealed = sealer(1).seal(TABLE, &row, [3; 12]).unwrap();
        for bytes in [&sealed.key_hash[..], &sealed.parent_hash, &sealed.envelope] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }

    #[test]
    fn content_lengths_are_padded() {
        let length = |value: usize| {
            sealer(1).seal(TABLE, &Row { value: vec![1; value], ..row() }, [3; 12]).unwrap().envelope.len()
        };
        assert_eq!(length(1), length(30));
        assert!(length(1) < length(100));
    }
}
