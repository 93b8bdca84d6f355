//! The vault: that it opens, and that it holds what every account signs in with.

use crate::data_folder::VaultKind;
use crate::dto::{CheckDto, FindingDto};
use crate::error::Result;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::sign_in::first_sign_in;

/// `opened` is false where nothing was ever kept, so that nobody had to open it.
pub(super) fn opens(kind: VaultKind, opened: bool) -> FindingDto {
    if !opened {
        return FindingDto::not_checked(CheckDto::Vault, "it was not opened: nothing was ever kept");
    }
    FindingDto::good(
        CheckDto::Vault,
        match kind {
            VaultKind::Keychain => "the system's keychain holds both keys",
            VaultKind::Passphrase => "the vault under a passphrase opens and holds both keys",
        },
    )
}

/// What each account signs in with.
pub(super) async fn secrets(starmesh: &Starmesh, directory: &Directory) -> Result<Vec<FindingDto>> {
    // Where nothing was ever kept there is no vault, and no account either.
    let Ok(vault) = starmesh.vault() else { return Ok(Vec::new()) };
    let mut findings = Vec::new();
    for account in directory.accounts() {
        let finding = match vault.password(&account.id).await {
            Ok(Some(_)) => {
                FindingDto::good(CheckDto::Secret, "the vault holds what the account signs in with")
            }
            Ok(None) => {
                FindingDto::failed(CheckDto::Secret, "the vault holds nothing to sign in with: sign in first")
                    .action(format!("`{}`", first_sign_in(&account.name, &account.kind)))
            }
            Err(error) => FindingDto::failed(
                CheckDto::Secret,
                "the vault does not give out what the account signs in with",
            )
            .because(error),
        };
        findings.push(finding.of_account(&account.name));
    }
    Ok(findings)
}
