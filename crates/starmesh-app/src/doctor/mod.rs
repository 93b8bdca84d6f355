//! Is everything there that is needed, and if not, what is to be done? One file per group of checks, in the order
//! in which one thing rests on another: `folder`, `database`, `vault`, `work`, `calendars`, `network`. `bundle`
//! is what can be given to others.
//!
//! **Invariant:** nothing here writes to a calendar, to the database or to the data folder, and no trouble with one
//! thing hides another.
//!
//! **Invariant:** a finding's `message` names nothing of the person's. It is made of our own words and of numbers, so
//! that a bundle may hold it.

mod bundle;
mod calendars;
mod database;
mod folder;
mod network;
mod vault;
mod work;

use chrono::{DateTime, TimeDelta, Utc};

use crate::data_folder::{DataFolder, VaultKind};
use crate::dto::{CheckDto, DoctorDto, FindingDto, VerdictDto};
use crate::error::{AppError, ErrorCode};
use crate::names::Directory;
use crate::open::{Access, OpenOptions, Starmesh};
use crate::when::written;

pub use bundle::BundleDto;

/// What was found, and the data folder as far as it could be opened.
pub struct Examined {
    report: DoctorDto,
    vault: Option<VaultKind>,
    opened: Option<Starmesh>,
}

impl Examined {
    /// What was found.
    pub fn report(&self) -> &DoctorDto {
        &self.report
    }

    /// Fails when a check did: what a program sees of it.
    pub fn outcome(&self) -> Result<(), AppError> {
        let failed = self.report.findings.iter().filter(|found| found.verdict == VerdictDto::Failed).count();
        match failed {
            0 => Ok(()),
            1 => Err(AppError::new(ErrorCode::ChecksFailed, "1 check failed")),
            more => Err(AppError::new(ErrorCode::ChecksFailed, format!("{more} checks failed"))),
        }
    }

    /// Closes the data folder.
    pub async fn close(self) {
        if let Some(starmesh) = self.opened {
            starmesh.close().await;
        }
    }
}

impl Starmesh {
    /// Examines a data folder and, unless `offline`, the way to the servers of its accounts. What cannot be opened
    /// is a finding like any other, so this never fails.
    pub async fn examine(options: OpenOptions, offline: bool) -> Examined {
        let folder = DataFolder::new(options.data_dir.clone());
        let at = options.world.clock.now();
        let mut findings = folder::look(&folder);
        let note = folder.vault_note();
        let vault = note.as_ref().ok().and_then(Option::as_ref).map(|note| note.vault);
        let mut opened = None;
        match note {
            Err(error) => findings.push(
                FindingDto::failed(
                    CheckDto::Vault,
                    "the note that says which vault is in use cannot be read",
                )
                .because(error),
            ),
            Ok(None) => findings.push(
                FindingDto::note(CheckDto::Vault, "nothing is set up in this data folder yet")
                    .action("add an account with `starmesh account add`"),
            ),
            Ok(Some(note)) => {
                findings.extend(database::look(&folder).await);
                match Self::open(OpenOptions { access: Access::Read, ..options }).await {
                    Err(error) => findings.push(not_opened(note.vault, error)),
                    Ok(starmesh) => {
                        findings.extend(starmesh.look_inside(note.vault, offline).await);
                        opened = Some(starmesh);
                    }
                }
            }
        }
        findings.sort_by_key(|finding| finding.check);
        let verdict = findings.iter().map(|finding| finding.verdict).max().unwrap_or(VerdictDto::Good);
        let at = written(at);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Examined { report: DoctorDto { version, at, verdict, findings }, vault, opened }
    }

    /// Everything that needs the keys.
    async fn look_inside(&self, kind: VaultKind, offline: bool) -> Vec<FindingDto> {
        let mut findings = vec![vault::opens(kind, self.vault.is_some())];
        let directory = match Directory::load(&self.state).await {
            Ok(directory) => directory,
            Err(error) => {
                findings.push(database::unreadable(error));
                return findings;
            }
        };
        findings.extend(database::rows(self).await);
        findings.extend(database::copy(self).await);
        for looked in [
            vault::secrets(self, &directory).await,
            work::look(self, &directory).await,
            calendars::look(self, &directory).await,
        ] {
            match looked {
                Ok(found) => findings.extend(found),
                Err(error) => findings.push(database::unreadable(error)),
            }
        }
        if offline {
            findings.extend(network::not_asked());
        } else {
            findings.extend(network::look(self, &directory).await);
        }
        findings
    }
}

/// Why the data folder could not be opened: the vault's fault or the database's.
fn not_opened(kind: VaultKind, error: AppError) -> FindingDto {
    let (check, message) = match error.code {
        ErrorCode::DatabaseNewer
        | ErrorCode::DatabaseDamaged
        | ErrorCode::DatabaseFailed
        | ErrorCode::DiskFull
        | ErrorCode::DataFolderUnusable => (CheckDto::Database, "the database does not open"),
        _ => match kind {
            VaultKind::Keychain => (CheckDto::Vault, "the system's keychain does not give the keys"),
            VaultKind::Passphrase => (CheckDto::Vault, "the vault under a passphrase does not open"),
        },
    };
    let finding = FindingDto::failed(check, message);
    let finding = if check == CheckDto::Database { finding.action(database::BEGIN_ANEW) } else { finding };
    finding.because(error)
}

/// `5 s`, `12 min`, `3 h`, `2 days`.
fn lasting(time: TimeDelta) -> String {
    match time.num_seconds().max(0) {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds @ 120..=7_199 => format!("{} min", seconds / 60),
        seconds @ 7_200..=172_799 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// How long ago something was.
fn since(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    lasting(now - at)
}

/// `1 link`, `2 links`.
fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        let rows = [(-5, "0 s"), (59, "59 s"), (130, "2 min"), (7_300, "2 h"), (200_000, "2 days")];
        for (seconds, words) in rows {
            assert_eq!(lasting(TimeDelta::seconds(seconds)), words);
        }
    }

    #[test]
    fn what_keeps_the_folder_shut_is_laid_at_the_right_door() {
        let of = |code| not_opened(VaultKind::Passphrase, AppError::new(code, "why")).check;
        assert_eq!(of(ErrorCode::WrongPassphrase), CheckDto::Vault);
        assert_eq!(of(ErrorCode::KeysMissing), CheckDto::Vault);
        assert_eq!(of(ErrorCode::DatabaseFailed), CheckDto::Database);
        assert_eq!(of(ErrorCode::DatabaseNewer), CheckDto::Database);
    }
}
