//! Radicale: plain files, Basic sign-in, rights by pattern.

use std::fs;
use std::path::Path;
use std::process::Command;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::users::{ALICE, BOB, CAROL, User};
use super::venv;
use crate::Outcome;

/// Who may write where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rights {
    /// Everybody may do everything without a password.
    Open,
    /// A person owns what is below their name, and a password is needed.
    Owner,
    /// As [`Rights::Owner`], but calendars whose name starts with `fixed` can only be read, except by Bob,
    /// who may write everywhere.
    FixedCalendars,
}

/// Radicale's rules for [`Rights::FixedCalendars`]; the first section that matches decides.
const FIXED_RULES: &str = "\
[bob]
user: bob
collection: .*
permissions: RrWw

[fixed]
user: .+
collection: {user}/fixed[^/]*
permissions: r

[own]
user: .+
collection: {user}(/[^/]+)?
permissions: RrWw

[root]
user: .*
collection:
permissions: R
";

/// The file with the passwords.
const USERS: &str = "users";

/// Writes the passwords anew, with another one for `user`.
pub(super) fn write_password(folder: &Path, user: User, password: &str) -> Outcome<()> {
    write_passwords(folder, |other| if other.name == user.name { password } else { other.password })
}

fn write_passwords<'a>(folder: &Path, password: impl Fn(User) -> &'a str) -> Outcome<()> {
    let lines = [ALICE, BOB, CAROL].map(|user| format!("{}:{}\n", user.name, password(user)));
    Ok(fs::write(folder.join(USERS), lines.concat())?)
}

/// The command that serves `folder` on `port`, with or without TLS by a certificate that nobody trusts.
pub(super) fn command(folder: &Path, port: u16, rights: Rights, tls: bool) -> Outcome<Command> {
    let mut command = Command::new(venv::program("radicale")?);
    command.args(["--config", "", "--server-hosts", &format!("127.0.0.1:{port}")]);
    command.arg("--storage-filesystem-folder").arg(folder.join("data"));
    // The default refuses many parallel clients with a closed connection.
    command.args(["--server-max-connections", "100", "--logging-level", "warning"]);
    match rights {
        Rights::Open => command.args(["--auth-type", "none"]),
        Rights::Owner | Rights::FixedCalendars => {
            write_passwords(folder, |user| user.password)?;
            // A wrong password is answered at once instead of after the default pause.
            command.args(["--auth-type", "htpasswd", "--auth-htpasswd-encryption", "plain"]);
            command.args(["--auth-delay", "0", "--auth-htpasswd-filename"]).arg(folder.join(USERS))
        }
    };
    if rights == Rights::FixedCalendars {
        let rules = folder.join("rights");
        fs::write(&rules, FIXED_RULES)?;
        command.args(["--rights-type", "from_file", "--rights-file"]).arg(rules);
    }
    if tls {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
        let (cert_file, key_file) = (folder.join("cert.pem"), folder.join("key.pem"));
        fs::write(&cert_file, cert.pem())?;
        fs::write(&key_file, signing_key.serialize_pem())?;
        command.args(["--server-ssl", "--server-certificate"]).arg(cert_file);
        command.arg("--server-key").arg(key_file);
    }
    Ok(command)
}
