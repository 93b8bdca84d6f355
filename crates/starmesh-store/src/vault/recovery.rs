//! The recovery file: the identity key on paper or on a stick, sealed under a passphrase.
//!
//! With it a second device, or a new disk, recognises the mirrors that were placed. It is text, so that it
//! can be printed and pasted.

use std::fmt::Write;

use data_encoding::BASE64;
use secrecy::SecretString;
use starmesh_core::mirror::IdentityKey;
use starmesh_provider::env::Entropy;
use zeroize::Zeroizing;

use super::envelope::{Envelope, EnvelopeError, Header, PassphraseCost, PassphraseKey, VERSION};

const BEGIN: &str = "-----BEGIN STARMESH RECOVERY KEY-----";
const END: &str = "-----END STARMESH RECOVERY KEY-----";

/// The first bytes of what is armoured.
const MAGIC: [u8; 8] = *b"SFBRECOV";

/// Length of an armoured line, as in PEM (RFC 7468, section 2).
const LINE_CHARS: usize = 64;

const PREFACE: &str = "\
Starmesh recovery file

This is the identity key of a Starmesh installation, sealed under a passphrase. With both, another device or
a new disk recognises the busy blocks that Starmesh has placed. Keep the file and the passphrase apart:
neither is of use alone. It holds no calendar, no password and no name.

To use it: starmesh key import FILE
";

/// Why a recovery file does not open.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The text is something else.
    #[error("this is not a Starmesh recovery file")]
    NotRecoveryFile,
    /// It is one, but a part was lost or altered.
    #[error("the recovery file is damaged or not complete")]
    Damaged,
    /// The passphrase is another one.
    #[error("the passphrase does not open the recovery file")]
    WrongPassphrase,
    /// It was written by a newer Starmesh.
    #[error("the recovery file has version {found}, this program knows versions up to {known}")]
    Newer {
        /// Its version.
        found: u8,
        /// The newest version known here.
        known: u8,
    },
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// The passphrase cannot be tried on this machine.
    #[error("there is not enough memory to try the passphrase")]
    OutOfMemory,
}

impl From<EnvelopeError> for RecoveryError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Foreign | EnvelopeError::Damaged => Self::Damaged,
            EnvelopeError::Newer { found } => Self::Newer { found, known: VERSION },
            EnvelopeError::WrongPassphrase => Self::WrongPassphrase,
            EnvelopeError::EmptyPassphrase => Self::EmptyPassphrase,
            EnvelopeError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

/// The recovery file of a key. Blocks for as long as a guess at the passphrase takes.
pub fn seal_recovery(
    key: &IdentityKey,
    passphrase: &SecretString,
    cost: PassphraseCost,
    entropy: &dyn Entropy,
) -> Result<String, RecoveryError> {
    let sealing = PassphraseKey::derive(passphrase, Header::fresh(cost, entropy))?;
    let armoured = BASE64.encode(&sealing.seal(MAGIC, key.expose(), entropy)?);
    let mut text = format!("{PREFACE}\n{BEGIN}\n");
    let mut rest = armoured.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(LINE_CHARS));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
        rest = tail;
    }
    text.push_str(END);
    text.push('\n');
    Ok(text)
}

/// The key in a recovery file. What stands before and after the armour, and white space inside it, does not
/// matter. Blocks for as long as a guess at the passphrase takes.
pub fn open_recovery(text: &str, passphrase: &SecretString) -> Result<IdentityKey, RecoveryError> {
    let (_, armoured) = text.split_once(BEGIN).ok_or(RecoveryError::NotRecoveryFile)?;
    let (armoured, _) = armoured.split_once(END).ok_or(RecoveryError::Damaged)?;
    let armoured: String = armoured.split_whitespace().collect();
    let bytes = BASE64.decode(armoured.as_bytes()).map_err(|_| RecoveryError::Damaged)?;
    let envelope = Envelope::parse(MAGIC, &bytes)?;
    let content = PassphraseKey::derive(passphrase, envelope.header)?.open(&envelope)?;
    let key: Zeroizing<[u8; 32]> =
        Zeroizing::new(content.as_slice().try_into().map_err(|_| RecoveryError::Damaged)?);
    Ok(IdentityKey::new(*key))
}

#[cfg(test)]
mod tests {
    use starmesh_provider::env::SystemEntropy;

    use super::*;

    fn seal(passphrase: &str) -> Result<String, RecoveryError> {
        let key = IdentityKey::new([7; 32]);
        seal_recovery(&key, &passphrase.into(), PassphraseCost::THROW_AWAY, &SystemEntropy)
    }

    fn open(text: &str, passphrase: &str) -> Result<[u8; 32], RecoveryError> {
        open_recovery(text, &passphrase.into()).map(|key| *key.expose())
    }

    #[test]
    fn a_recovery_file_opens_under_its_passphrase_only() {
        let text = seal("right ü").unwrap();
        assert_eq!(open(&text, "right ü"), Ok([7; 32]));
        assert_eq!(open(&text, "right u"), Err(RecoveryError::WrongPassphrase));
        assert_eq!(seal("").unwrap_err(), RecoveryError::EmptyPassphrase);
        assert_eq!(open(&text, ""), Err(RecoveryError::EmptyPassphrase));
    }

    #[test]
    fn it_says_what_it_is_and_survives_printing_and_mail() {
        let text = seal("right").unwrap();
        assert!(text.starts_with("Starmesh recovery file\n"));
        assert!(text.lines().all(|line| line.len() <= 110));
        for handled in [
            text.replace('\n', "\r\n"),
            text.replace('\n', "\n    "),
            format!("\u{feff}{text}"),
            text[text.find(BEGIN).unwrap()..].to_owned(),
            format!("Hello,\n\n{text}\nBye"),
        ] {
            assert_eq!(open(&handled, "right"), Ok([7; 32]));
        }
    }

    #[test]
    fn other_texts_and_incomplete_ones_are_told_apart() {
        let text = seal("right").unwrap();
        assert_eq!(open("", "right"), Err(RecoveryError::NotRecoveryFile));
        assert_eq!(open("-----BEGIN PRIVATE KEY-----", "right"), Err(RecoveryError::NotRecoveryFile));
        assert_eq!(open(text.trim_end().trim_end_matches(END), "right"), Err(RecoveryError::Damaged));
        let body = text.find(BEGIN).unwrap() + BEGIN.len() + 1;
        let mut shorter = text.clone();
        shorter.replace_range(body..=body + LINE_CHARS, "");
        assert_eq!(open(&shorter, "right"), Err(RecoveryError::Damaged));
        for at in body..body + 100 {
            let mut altered = text.clone();
            let other = if &text[at..=at] == "A" { "B" } else { "A" };
            altered.replace_range(at..=at, other);
            assert_eq!(open(&altered, "right"), Err(RecoveryError::Damaged), "character {at}");
        }
    }
}
