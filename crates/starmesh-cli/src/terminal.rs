//! The person at the terminal, if there is one. Without a terminal nothing is ever waited for.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use starmesh_app::{Action, AppError, ErrorCode, PassphrasePurpose, Passphrases};
use zeroize::Zeroizing;

/// The most that is read as a password from standard input, in bytes.
const PASSWORD_BYTES_MAX: u64 = 64 * 1024;

/// The person, and what the environment says in their place.
#[derive(Clone)]
pub(crate) struct Terminal {
    /// True when somebody can be asked.
    pub(crate) interactive: bool,
    /// `STARMESH_PASSPHRASE`.
    pub(crate) passphrase: Option<SecretString>,
}

/// What a person is asked before it is done.
pub(crate) struct Approval<'a> {
    /// The question.
    pub(crate) question: &'a str,
    /// What waits where nobody can be asked.
    pub(crate) waits: &'a str,
    /// What did not happen, unless it was approved.
    pub(crate) nothing: &'a str,
    /// How to approve it without being asked.
    pub(crate) hint: &'a str,
}

/// A secret that a person types or pipes in.
struct Wanted {
    option: &'static str,
    what: &'static str,
    /// With its article.
    one: &'static str,
    prompt: &'static str,
}

const PASSWORD: Wanted =
    Wanted { option: "--password-stdin", what: "password", one: "a password", prompt: "Password: " };
const TOKEN: Wanted = Wanted { option: "--bearer-stdin", what: "token", one: "a token", prompt: "Token: " };
const ADDRESS: Wanted = Wanted {
    option: "--url-stdin",
    what: "address",
    one: "the address of the feed",
    prompt: "Address of the feed: ",
};

impl Terminal {
    /// A password: the whole of standard input, or typed.
    pub(crate) fn password(&self, from_stdin: bool) -> Result<SecretString, AppError> {
        self.secret(from_stdin, &PASSWORD)
    }

    /// A token, in the same way.
    pub(crate) fn token(&self, from_stdin: bool) -> Result<SecretString, AppError> {
        self.secret(from_stdin, &TOKEN)
    }

    /// The address of a feed, in the same way: it often is all that protects the calendar.
    pub(crate) fn address(&self, from_stdin: bool) -> Result<SecretString, AppError> {
        self.secret(from_stdin, &ADDRESS)
    }

    fn secret(&self, from_stdin: bool, wanted: &Wanted) -> Result<SecretString, AppError> {
        if from_stdin {
            return piped(wanted.option, wanted.what);
        }
        let missing = |why: String| missing(wanted.option, &why);
        if !self.interactive {
            return Err(missing(format!("{} is needed, and there is no terminal to ask for it", wanted.one)));
        }
        let secret = typed(wanted.prompt)?;
        if secret.expose_secret().is_empty() {
            return Err(missing(format!("the {} is empty", wanted.what)));
        }
        Ok(secret)
    }

    /// The secret of a client at a provider: the whole of standard input.
    #[expect(clippy::unused_self, reason = "whoever sits there is asked through the terminal, or not at all")]
    pub(crate) fn client_secret(&self) -> Result<SecretString, AppError> {
        piped("--client-secret-stdin", "client secret")
    }

    /// Goes on only when a person says yes.
    pub(crate) fn approve(&self, approval: &Approval<'_>) -> Result<(), AppError> {
        let Approval { question, waits, nothing, hint } = approval;
        let refusal = match self.approves(question)? {
            Some(true) => return Ok(()),
            Some(false) => AppError::new(ErrorCode::ApprovalNeeded, format!("not approved; {nothing}")),
            None => {
                let message = format!("{waits} waits for approval; {nothing}");
                AppError::new(ErrorCode::ApprovalNeeded, message).hint(*hint)
            }
        };
        Err(refusal.action(Action::Approve))
    }

    /// A yes or a no; `None` without a terminal.
    fn approves(&self, question: &str) -> Result<Option<bool>, AppError> {
        if !self.interactive {
            return Ok(None);
        }
        let mut answer = String::new();
        let asked = write!(io::stderr().lock(), "{question} [y/N] ")
            .and_then(|()| io::stderr().flush())
            .and_then(|()| io::stdin().lock().read_line(&mut answer));
        asked.map_err(|error| AppError::new(ErrorCode::FileFailed, format!("could not ask: {error}")))?;
        Ok(Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")))
    }
}

/// The passphrase in a file, without the line break at its end.
pub(crate) fn passphrase_in(path: &Path) -> Result<SecretString, AppError> {
    let mut text = Zeroizing::new(String::new());
    let read = File::open(path).and_then(|file| file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text));
    read.map_err(|error| {
        let message = format!("the file with the passphrase, {}, cannot be read: {error}", path.display());
        AppError::new(ErrorCode::PassphraseMissing, message).action(Action::GivePassphrase)
    })?;
    Ok(SecretString::from(without_newline(&text)))
}

/// A secret that was piped in, as `option` announced.
fn piped(option: &str, what: &str) -> Result<SecretString, AppError> {
    let mut text = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(PASSWORD_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| missing(option, &format!("the {what} could not be read: {error}")))?;
    let secret = without_newline(&text);
    if secret.is_empty() {
        return Err(missing(option, &format!("standard input holds no {what}")));
    }
    Ok(SecretString::from(secret))
}

fn missing(option: &str, why: &str) -> AppError {
    AppError::new(ErrorCode::PasswordMissing, why).hint(format!(
        "pipe it in: `… {option} < FILE`. A password or token never stands on the command line"
    ))
}

impl Passphrases for Terminal {
    fn passphrase(&self, purpose: PassphrasePurpose) -> Result<SecretString, AppError> {
        if let Some(passphrase) = &self.passphrase {
            return Ok(passphrase.clone());
        }
        if !self.interactive {
            return Err(AppError::new(
                ErrorCode::PassphraseMissing,
                format!("{} is needed, and there is no terminal to ask for it", words(purpose)),
            )
            .hint("set STARMESH_PASSPHRASE, or STARMESH_PASSPHRASE_FILE to a file that only you can read")
            .action(Action::GivePassphrase));
        }
        let new = matches!(purpose, PassphrasePurpose::NewVault | PassphrasePurpose::SealRecovery);
        let first = typed(&format!("{}: ", capital(words(purpose))))?;
        if new && typed("The same once more: ")?.expose_secret() != first.expose_secret() {
            return Err(AppError::new(ErrorCode::InvalidValue, "the two passphrases are not the same"));
        }
        Ok(first)
    }
}

fn words(purpose: PassphrasePurpose) -> &'static str {
    match purpose {
        PassphrasePurpose::OpenVault => "the passphrase of the vault",
        PassphrasePurpose::NewVault => "a passphrase for the new vault",
        PassphrasePurpose::SealRecovery => "a passphrase for the recovery file",
        PassphrasePurpose::OpenRecovery => "the passphrase of the recovery file",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn typed(prompt: &str) -> Result<SecretString, AppError> {
    rpassword::prompt_password(prompt)
        .map(SecretString::from)
        .map_err(|error| AppError::new(ErrorCode::FileFailed, format!("could not ask: {error}")))
}

/// Without the one line break that `echo` and editors put at the end.
fn without_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trailing_line_break_is_no_part_of_a_password() {
        let rows = [
            ("pw\n", "pw"),
            ("pw\r\n", "pw"),
            ("pw", "pw"),
            ("pw \n", "pw "),
            ("pw\n\n", "pw\n"),
            ("\n", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(without_newline(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_passphrase_may_stand_in_a_file() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("passphrase");
        let missing = passphrase_in(&path).unwrap_err();
        assert_eq!(missing.code, ErrorCode::PassphraseMissing);
        assert!(missing.message.contains("passphrase"), "{missing}");
        std::fs::write(&path, "correct horse\n").unwrap();
        assert_eq!(passphrase_in(&path).unwrap().expose_secret(), "correct horse");
    }

    #[test]
    fn without_a_terminal_nothing_is_asked() {
        let nobody = Terminal { interactive: false, passphrase: None };
        assert_eq!(nobody.approves("Go on?"), Ok(None));
        assert_eq!(nobody.password(false).unwrap_err().code, ErrorCode::PasswordMissing);
        let missing = nobody.passphrase(PassphrasePurpose::OpenVault).unwrap_err();
        assert_eq!(missing.code, ErrorCode::PassphraseMissing);
        assert!(missing.hint.is_some_and(|hint| hint.contains("STARMESH_PASSPHRASE")));
    }
}
