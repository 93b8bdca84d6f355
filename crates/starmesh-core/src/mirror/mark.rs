//! The SYNC-FB mark: what makes a mirror prove itself without the database.

use std::fmt;

use subtle::ConstantTimeEq;

use super::key::{IdentityKey, Incarnation, MirrorKey, from_lower_base32, lower_base32};
use crate::ids::LastingName;

/// A parsed mark, `1.<mirror key>.<incarnation>.<link tag>.<mine tag>`.
///
/// Every part differs per mirror, so that a reader of the target cannot group blocks by source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The mirror's key.
    pub key: MirrorKey,
    /// The mirror's incarnation.
    pub incarnation: Incarnation,
    link_tag: [u8; 16],
    mine_tag: [u8; 16],
}

/// What a mark proves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof<T> {
    /// Ours, and of this link.
    Link(T),
    /// Ours, in this target, of a link unknown here (another device, a lost configuration).
    Mine,
    /// Not ours, or of another target.
    Foreign,
}

const VERSION: &str = "1";

impl Mark {
    /// The mark of a mirror in `target` of an event in `source`.
    pub fn new(
        keys: &IdentityKey,
        target: &LastingName,
        source: &LastingName,
        key: MirrorKey,
        incarnation: Incarnation,
    ) -> Self {
        Self {
            key,
            incarnation,
            link_tag: link_tag(keys, target, source, &key, incarnation),
            mine_tag: mine_tag(keys, target, &key, incarnation),
        }
    }

    /// Reads a mark as found in an event; `None` when it is none that we understand.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('.');
        let (version, key, incarnation, link, mine) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != VERSION || parts.next().is_some() {
            return None;
        }
        Some(Self {
            key: MirrorKey(from_lower_base32(key)?),
            incarnation: Incarnation(incarnation.parse().ok()?),
            link_tag: from_lower_base32(link)?,
            mine_tag: from_lower_base32(mine)?,
        })
    }

    /// What this mark proves, found in `target`, given the sources of the links into it.
    pub fn verify<'a, T>(
        &self,
        keys: &IdentityKey,
        target: &LastingName,
        sources: impl IntoIterator<Item = (T, &'a LastingName)>,
    ) -> Proof<T> {
        let mine = mine_tag(keys, target, &self.key, self.incarnation);
        if !bool::from(mine.ct_eq(&self.mine_tag)) {
            return Proof::Foreign;
        }
        sources
            .into_iter()
            .find(|(_, source)| {
                link_tag(keys, target, source, &self.key, self.incarnation).ct_eq(&self.link_tag).into()
            })
            .map_or(Proof::Mine, |(link, _)| Proof::Link(link))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{VERSION}.{}.{}.{}.{}",
            self.key,
            self.incarnation.0,
            lower_base32(&self.link_tag),
            lower_base32(&self.mine_tag)
        )
    }
}

fn link_tag(
    keys: &IdentityKey,
    target: &LastingName,
    source: &LastingName,
    key: &MirrorKey,
    incarnation: Incarnation,
) -> [u8; 16] {
    keys.derive(
        "link",
        &[target.as_str().as_bytes(), source.as_str().as_bytes(), &key.0, &incarnation.0.to_be_bytes()],
    )
}

fn mine_tag(keys: &IdentityKey, target: &LastingName, key: &MirrorKey, incarnation: Incarnation) -> [u8; 16] {
    keys.derive("mine", &[target.as_str().as_bytes(), &key.0, &incarnation.0.to_be_bytes()])
}
