//! Deterministic identities, all derived from the identity key (design, section 4).

use std::fmt;

use data_encoding::BASE32HEX_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ids::{EventId, ICalUid, LastingName};
use crate::planted::{Bug, planted};
use crate::recurrence::OriginalStart;

/// The 256-bit key from which every identity is derived. Two devices with the same one agree on every
/// mirror.
#[derive(Clone)]
pub struct IdentityKey {
    bytes: Zeroizing<[u8; 32]>,
    /// The keyed state, so that a derivation costs two hash blocks and not four.
    mac: Hmac<Sha256>,
}

/// `HMAC('key' ‖ target ‖ source ‖ event ‖ original start)`, 20 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MirrorKey(pub [u8; 20]);

/// How often the provider id of a mirror had to be renewed. Not part of the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug, Default)]
#[serde(transparent)]
pub struct Incarnation(pub u32);

impl Incarnation {
    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The id under which a mirror is created at its provider: `sfb` and 32 characters of `[0-9a-v]`, an
/// alphabet that every provider takes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct ProviderId(String);

/// Keyed hash of a normalised iCal UID: finds the copies of one meeting without keeping its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct MeetingId(pub [u8; 16]);

impl IdentityKey {
    /// The key with these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        // A key shorter than the hash's block is padded with zeros (RFC 2104, section 2).
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&*bytes);
        let mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
        Self { bytes, mac }
    }

    /// The bytes, for the vault and the recovery file.
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The key of the mirror in `target` of one occurrence in `source`.
    pub fn mirror_key(
        &self,
        target: &LastingName,
        source: &LastingName,
        event: &EventId,
        original_start: &OriginalStart,
    ) -> MirrorKey {
        self.mirror_keys(target, source).key(event, original_start)
    }

    /// What makes the keys of all mirrors in `target` of occurrences in `source`.
    pub fn mirror_keys(&self, target: &LastingName, source: &LastingName) -> MirrorKeys {
        let mut mac = self.mac.clone();
        absorb(&mut mac, &[b"key", target.as_str().as_bytes(), source.as_str().as_bytes()]);
        MirrorKeys(mac)
    }

    /// The key of the canary of `target`: in a domain of its own, so that it is nobody's mirror.
    pub fn canary_key(&self, target: &LastingName) -> MirrorKey {
        MirrorKey(self.derive("canary", &[target.as_str().as_bytes()]))
    }

    /// The id under which `incarnation` of a mirror is created.
    pub fn provider_id(&self, key: &MirrorKey, incarnation: Incarnation) -> ProviderId {
        let hash: [u8; 20] = self.derive("id", &[&key.0, &incarnation.0.to_be_bytes()]);
        ProviderId(format!("{}{}", ProviderId::PREFIX, lower_base32(&hash)))
    }

    /// The keyed hash of a normalised iCal UID.
    pub fn meeting(&self, uid: &ICalUid) -> MeetingId {
        MeetingId(self.derive("meeting", &[uid.as_str().as_bytes()]))
    }

    /// `HMAC(purpose ‖ fields)`, cut to `N` bytes. Fields are length-prefixed, so that no two lists of
    /// fields give one input.
    pub(super) fn derive<const N: usize>(&self, purpose: &str, fields: &[&[u8]]) -> [u8; N] {
        let mut mac = self.mac.clone();
        absorb(&mut mac, &[purpose.as_bytes()]);
        absorb(&mut mac, fields);
        shortened(mac)
    }
}

/// The hash of a link's two ends, which its mirrors' keys share and which is not made again for each.
pub struct MirrorKeys(Hmac<Sha256>);

impl MirrorKeys {
    /// The key of the mirror of one occurrence.
    pub fn key(&self, event: &EventId, original_start: &OriginalStart) -> MirrorKey {
        let original_start =
            if planted(Bug::KeyWithoutOriginalStart) { "" } else { original_start.0.as_str() };
        let mut mac = self.0.clone();
        absorb(&mut mac, &[event.as_str().as_bytes(), original_start.as_bytes()]);
        MirrorKey(shortened(mac))
    }
}

fn absorb(mac: &mut Hmac<Sha256>, fields: &[&[u8]]) {
    for field in fields {
        mac.update(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        mac.update(field);
    }
}

fn shortened<const N: usize>(mac: Hmac<Sha256>) -> [u8; N] {
    let hash = mac.finalize().into_bytes();
    let mut short = [0; N];
    short.copy_from_slice(&hash[..N]);
    short
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(..)")
    }
}

impl fmt::Debug for MirrorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MirrorKeys(..)")
    }
}

impl fmt::Debug for MirrorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MirrorKey({self})")
    }
}

impl fmt::Display for MirrorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lower_base32(&self.0))
    }
}

impl ProviderId {
    const PREFIX: &'static str = "sfb";
    const LEN: usize = 35;

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when `id` looks like one of ours, by whichever key: then the event is never a source, even if
    /// its server stripped the mark.
    pub fn has_shape(id: &str) -> bool {
        id.len() == Self::LEN
            && id.strip_prefix(Self::PREFIX).is_some_and(|rest| {
                rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte))
            })
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Base32 with the extended hex alphabet (RFC 4648, section 7), lower case, no padding.
pub(super) fn lower_base32(bytes: &[u8]) -> String {
    BASE32HEX_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The reverse of [`lower_base32`].
pub(super) fn from_lower_base32<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    BASE32HEX_NOPAD.decode(text.to_ascii_uppercase().as_bytes()).ok()?.try_into().ok()
}
