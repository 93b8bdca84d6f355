//! A secret's type never derives `Debug`, which would print it, or `Serialize`, which would write it.

use super::Finding;
use super::code::Code;

/// A type is a secret's when its name holds one of these …
const SECRET_WORDS: [&str; 4] = ["Secret", "Password", "Passphrase", "Credential"];

/// … or is one of these …
const SECRET_TYPES: [&str; 9] = [
    "AccessToken",
    "DataKey",
    "IdentityKey",
    "MasterKey",
    "RecoveryKey",
    "RefreshToken",
    "RowKey",
    "SealKey",
    "VaultKey",
];

/// … unless it ends in one of these: it speaks of secrets and holds none.
const ABOUT_SECRETS: [&str; 8] = ["Error", "Problem", "Kind", "Name", "Id", "Source", "Purpose", "Cost"];

const LEAKY: [&str; 2] = ["Debug", "Serialize"];

/// Secrets in `code` that derive what they may not.
pub(super) fn check(code: &Code) -> Vec<Finding> {
    let derives = code.find("derive").filter_map(|at| Some((at, Derive::parse(&code.text[at..])?)));
    derives
        .filter(|(_, derive)| is_secret(derive.name))
        .flat_map(|(at, derive)| derive.leaks().map(move |leak| (at, derive.name, leak)).collect::<Vec<_>>())
        .map(|(at, name, leak)| {
            code.finding(
                at,
                format!("the secret `{name}` derives `{leak}`"),
                "write it by hand, so that it shows nothing",
            )
        })
        .collect()
}

fn is_secret(name: &str) -> bool {
    let holds = SECRET_TYPES.contains(&name) || SECRET_WORDS.iter().any(|word| name.contains(word));
    holds && !ABOUT_SECRETS.iter().any(|ending| name.ends_with(ending))
}

/// `derive(A, b::C)` and the type it stands over.
#[derive(Clone, Copy)]
struct Derive<'a> {
    traits: &'a str,
    name: &'a str,
}

impl<'a> Derive<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (traits, rest) = text.strip_prefix("derive")?.trim_start().strip_prefix('(')?.split_once(')')?;
        let mut words = rest.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.find(|word| ["struct", "enum", "union"].contains(word))?;
        Some(Self { traits, name: words.find(|word| !word.is_empty())? })
    }

    fn leaks(self) -> impl Iterator<Item = &'a str> {
        let names = self.traits.split(',').map(|path| path.rsplit("::").next().unwrap_or(path).trim());
        names.filter(|name| LEAKY.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::code::tests::code;

    fn count(text: &str) -> usize {
        check(&code("a.rs", text)).len()
    }

    #[test]
    fn a_secret_that_derives_debug_or_serialize_is_found() {
        assert_eq!(count("#[derive(Clone, Debug)]\npub struct AppPassword(String);"), 1);
        assert_eq!(
            count("#[derive(\n Debug,\n serde::Serialize,\n)]\n#[serde(x)]\nenum VaultSecret { A }"),
            2
        );
        assert_eq!(count("#[cfg_attr(test, derive(Debug))] struct IdentityKey([u8; 32]);"), 1);
    }

    #[test]
    fn what_only_speaks_of_secrets_is_left_alone() {
        assert_eq!(count("#[derive(Debug)] enum PassphraseProblem { Wrong }"), 0);
        assert_eq!(count("#[derive(Debug, Serialize)] struct MirrorKey([u8; 20]);"), 0);
        assert_eq!(count("#[derive(Clone)] struct Password(String);"), 0);
    }

    #[test]
    fn the_name_of_a_neighbour_is_not_taken() {
        assert_eq!(count("#[derive(Debug)] struct Plain; #[derive(Clone)] struct Secret;"), 0);
    }
}
