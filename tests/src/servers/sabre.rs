//! sabre/dav 1.8 (Debian's): Digest sign-in, no reports of changes, one file of SQLite. Baikal, ownCloud and
//! Nextcloud grew from it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::users::{ALICE, BOB, CAROL};
use crate::{Failure, Outcome};

/// The header by which the tests look past the sign-in.
pub(crate) const ONLOOKER: &str = "x-starmesh-onlooker";

const PHP: &str = "php";

/// Makes the people who have calendars there.
pub(super) fn prepare(folder: &Path) -> Outcome<()> {
    let mut php = Command::new(PHP);
    php.arg(script("people.php")).arg(database(folder));
    php.args([ALICE, BOB, CAROL].iter().flat_map(|user| [user.name, user.password]));
    let made = php.output().map_err(missing)?;
    if made.status.success() {
        return Ok(());
    }
    let words = [made.stdout, made.stderr].concat();
    Err(Failure::new(format!("sabre's database was not made: {}", String::from_utf8_lossy(&words))))
}

/// The command that serves `folder` on `port`.
pub(super) fn command(folder: &Path, port: u16) -> Command {
    let mut command = Command::new(PHP);
    command.arg("-S").arg(format!("127.0.0.1:{port}")).arg(script("server.php"));
    command.env("STARMESH_SABRE_DATABASE", database(folder));
    command
}

fn database(folder: &Path) -> PathBuf {
    folder.join("data").join("sabre.sqlite")
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/servers/sabre").join(name)
}

fn missing(error: std::io::Error) -> Failure {
    Failure::from(error).during("starting PHP, which `cargo xtask setup` installs")
}
