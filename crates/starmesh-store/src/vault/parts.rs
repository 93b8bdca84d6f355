//! A secret in the entries of a keychain, over as many as its size needs.
//!
//! The head entry carries the account's name. A small secret stands in it; of a large one it says where the
//! parts are: in slot `a` or `b`, how many, and a hash of the whole. A secret is replaced by writing its parts
//! into the slot that is not in use, then the head, which is the one step that counts, then by removing the
//! old parts. So a crash leaves the old secret or the new one, and at worst parts that the next write clears.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::port::SECRET_BYTES_MAX;

/// The most that one entry takes on every platform: `CRED_MAX_CREDENTIAL_BLOB_SIZE` of Windows, in bytes.
/// The others take more, but what is only done on one platform is only tested there.
pub(super) const ENTRY_BYTES_MAX: usize = 2_560;

/// The first byte of a head entry that holds the secret itself.
const WHOLE: u8 = 1;

/// The first byte of a head entry that names parts; then slot, count, 32 bytes of SHA-256.
const SPLIT: u8 = 2;

/// How many parts the largest secret has.
const PARTS_MAX: usize = SECRET_BYTES_MAX.div_ceil(ENTRY_BYTES_MAX);

/// Entries by account name.
pub(super) trait Entries {
    /// Why an entry cannot be had.
    type Error;

    /// The entry's content, if it is there.
    fn read(&self, account: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Self::Error>;

    /// Makes or replaces an entry.
    fn write(&self, account: &str, content: &[u8]) -> Result<(), Self::Error>;

    /// Removes an entry, if it is there.
    fn remove(&self, account: &str) -> Result<(), Self::Error>;
}

/// What an account's entries hold.
pub(super) enum Kept {
    Nothing,
    Secret(Zeroizing<Vec<u8>>),
    /// Entries are missing or altered.
    Damaged,
}

/// What a head entry says.
enum Head<'a> {
    Whole(&'a [u8]),
    Split { slot: Slot, count: u8, hash: &'a [u8] },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    A,
    B,
}

impl Slot {
    fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }

    /// A control character keeps parts apart from every account that is named by us.
    fn part(self, account: &str, number: usize) -> String {
        format!("{account}\u{1}{}{number}", self.letter())
    }
}

/// Reads the secret of an account.
pub(super) fn read<E: Entries>(entries: &E, account: &str) -> Result<Kept, E::Error> {
    let Some(content) = entries.read(account)? else { return Ok(Kept::Nothing) };
    let (slot, count, hash) = match parse(&content) {
        None => return Ok(Kept::Damaged),
        Some(Head::Whole(secret)) => return Ok(Kept::Secret(Zeroizing::new(secret.to_vec()))),
        Some(Head::Split { slot, count, hash }) => (slot, usize::from(count), hash),
    };
    // Room for all, so that no reallocation leaves a copy behind.
    let mut secret = Zeroizing::new(Vec::with_capacity(count * ENTRY_BYTES_MAX));
    for number in 0..count {
        match entries.read(&slot.part(account, number))? {
            Some(part) if part.len() <= ENTRY_BYTES_MAX => secret.extend_from_slice(&part),
            _ => return Ok(Kept::Damaged),
        }
    }
    let whole = Sha256::digest(&*secret)[..] == *hash;
    Ok(if whole { Kept::Secret(secret) } else { Kept::Damaged })
}

/// Keeps a secret of up to [`SECRET_BYTES_MAX`] bytes for an account.
pub(super) fn write<E: Entries>(entries: &E, account: &str, secret: &[u8]) -> Result<(), E::Error> {
    let in_use = slot_in_use(entries, account)?;
    let mut head = Zeroizing::new(Vec::with_capacity(ENTRY_BYTES_MAX));
    if secret.len() < ENTRY_BYTES_MAX {
        head.push(WHOLE);
        head.extend_from_slice(secret);
        entries.write(account, &head)?;
        clear(entries, account, Slot::A, 0)?;
        return clear(entries, account, Slot::B, 0);
    }
    let slot = in_use.map_or(Slot::A, Slot::other);
    let mut count: u8 = 0;
    for (number, part) in secret.chunks(ENTRY_BYTES_MAX).enumerate() {
        entries.write(&slot.part(account, number), part)?;
        count += 1;
    }
    head.extend_from_slice(&[SPLIT, slot.letter() as u8, count]);
    head.extend_from_slice(&Sha256::digest(secret));
    entries.write(account, &head)?;
    clear(entries, account, slot, usize::from(count))?;
    clear(entries, account, slot.other(), 0)
}

/// Forgets the secret of an account: the head first, so that no half secret is ever read.
pub(super) fn remove<E: Entries>(entries: &E, account: &str) -> Result<(), E::Error> {
    entries.remove(account)?;
    clear(entries, account, Slot::A, 0)?;
    clear(entries, account, Slot::B, 0)
}

fn slot_in_use<E: Entries>(entries: &E, account: &str) -> Result<Option<Slot>, E::Error> {
    let content = entries.read(account)?;
    Ok(content.and_then(|content| match parse(&content) {
        Some(Head::Split { slot, .. }) => Some(slot),
        _ => None,
    }))
}

/// Removes the parts of a slot from `first` on. They are written from the first to the last and removed from
/// the last to the first, so that after a crash there is no gap and none is forgotten.
fn clear<E: Entries>(entries: &E, account: &str, slot: Slot, first: usize) -> Result<(), E::Error> {
    let mut end = first;
    while end < PARTS_MAX && entries.read(&slot.part(account, end))?.is_some() {
        end += 1;
    }
    for number in (first..end).rev() {
        entries.remove(&slot.part(account, number))?;
    }
    Ok(())
}

fn parse(content: &[u8]) -> Option<Head<'_>> {
    match content {
        [WHOLE, secret @ ..] => Some(Head::Whole(secret)),
        [SPLIT, slot, count, hash @ ..] if hash.len() == 32 && usize::from(*count) <= PARTS_MAX => {
            let slot = [Slot::A, Slot::B].into_iter().find(|known| known.letter() as u8 == *slot)?;
            Some(Head::Split { slot, count: *count, hash })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::BTreeMap;

    use super::*;

    /// A keychain that ends, as by a crash, after so many changes.
    #[derive(Default)]
    struct Fake {
        entries: RefCell<BTreeMap<String, Vec<u8>>>,
        changes_left: Cell<usize>,
    }

    struct Crash;

    impl Fake {
        fn holding(secret: &[u8]) -> Self {
            let fake = Self { changes_left: Cell::new(usize::MAX), ..Self::default() };
            assert!(write(&fake, "n", secret).is_ok());
            fake
        }

        fn change(&self) -> Result<(), Crash> {
            self.changes_left.set(self.changes_left.get().checked_sub(1).ok_or(Crash)?);
            Ok(())
        }

        fn secret(&self) -> Option<Vec<u8>> {
            match read(self, "n") {
                Ok(Kept::Secret(secret)) => Some(secret.to_vec()),
                _ => None,
            }
        }
    }

    impl Entries for Fake {
        type Error = Crash;

        fn read(&self, account: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Crash> {
            Ok(self.entries.borrow().get(account).cloned().map(Zeroizing::new))
        }

        fn write(&self, account: &str, content: &[u8]) -> Result<(), Crash> {
            self.change()?;
            assert!(content.len() <= ENTRY_BYTES_MAX, "the platform would refuse it");
            self.entries.borrow_mut().insert(account.to_owned(), content.to_vec());
            Ok(())
        }

        fn remove(&self, account: &str) -> Result<(), Crash> {
            if self.entries.borrow().contains_key(account) {
                self.change()?;
                self.entries.borrow_mut().remove(account);
            }
            Ok(())
        }
    }

    fn secret(length: usize, salt: u8) -> Vec<u8> {
        (0..=250_u8).cycle().map(|byte| byte ^ salt).take(length).collect()
    }

    #[test]
    fn every_size_comes_back_in_entries_that_fit() {
        for length in (0..6 * ENTRY_BYTES_MAX).step_by(509).chain([
            ENTRY_BYTES_MAX - 1,
            ENTRY_BYTES_MAX,
            SECRET_BYTES_MAX,
        ]) {
            let fake = Fake::holding(&secret(length, 0));
            assert!(fake.secret() == Some(secret(length, 0)), "{length} bytes");
            let parts = if length < ENTRY_BYTES_MAX { 0 } else { length.div_ceil(ENTRY_BYTES_MAX) };
            assert_eq!(fake.entries.borrow().len(), 1 + parts);
            assert!(remove(&fake, "n").is_ok());
            assert!(fake.entries.borrow().is_empty(), "{length} bytes leave nothing");
        }
    }

    #[test]
    fn a_crash_at_any_change_leaves_the_old_secret_or_the_new_one() {
        for (old, new) in [(9000, 6000), (6000, 9000), (10, 9000), (9000, 10)] {
            let (old, new) = (secret(old, 1), secret(new, 2));
            let mut outcomes = (0, 0);
            for changes in 0.. {
                let fake = Fake::holding(&old);
                fake.changes_left.set(changes);
                let finished = write(&fake, "n", &new).is_ok();
                let kept = fake.secret();
                assert!(kept.as_ref() == Some(&old) || kept.as_ref() == Some(&new));
                if kept.as_ref() == Some(&old) {
                    outcomes.0 += 1;
                } else {
                    outcomes.1 += 1;
                }
                fake.changes_left.set(usize::MAX);
                assert!(write(&fake, "n", &new).is_ok() && fake.secret().as_ref() == Some(&new));
                assert!(
                    remove(&fake, "n").is_ok() && fake.entries.borrow().is_empty(),
                    "no part is forgotten"
                );
                if finished {
                    break;
                }
            }
            assert!(outcomes.0 > 0 && outcomes.1 > 0, "both were met: {outcomes:?}");
        }
    }

    #[test]
    fn missing_and_altered_parts_are_noticed() {
        let fresh = || Fake::holding(&secret(9000, 0));
        let accounts: Vec<String> = fresh().entries.borrow().keys().cloned().collect();
        for account in accounts {
            let fake = fresh();
            fake.entries.borrow_mut().get_mut(&account).unwrap()[5] ^= 1;
            assert!(matches!(read(&fake, "n"), Ok(Kept::Damaged)));
            let fake = fresh();
            fake.entries.borrow_mut().remove(&account);
            assert!(matches!(read(&fake, "n"), Ok(Kept::Damaged | Kept::Nothing)));
        }
        let fake = Fake::default();
        fake.entries.borrow_mut().insert("n".into(), b"somebody else's".to_vec());
        assert!(matches!(read(&fake, "n"), Ok(Kept::Damaged)));
    }
}
