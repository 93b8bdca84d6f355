//! Radicale.

use std::process::Command;

use super::process::{ServerProcess, python_program};
use super::{PASSWORD, USER};

/// Whom it lets in.
#[derive(Clone, Copy)]
pub(super) enum Auth {
    /// Everybody; the name is the home.
    None,
    /// The one user of the tests.
    Passwords,
}

pub(super) async fn start(auth: Auth) -> ServerProcess {
    ServerProcess::start(|port, data| {
        let mut command = Command::new(python_program("radicale"));
        command.args(["--config", "", "--logging-level", "warning"]);
        command.args(["--server-hosts", &format!("127.0.0.1:{port}")]);
        command.arg("--storage-filesystem-folder").arg(data.join("radicale"));
        match auth {
            Auth::None => {
                command.args(["--auth-type", "none"]);
            }
            Auth::Passwords => {
                let file = data.join("users");
                std::fs::write(&file, format!("{USER}:{PASSWORD}\n")).expect("a fresh folder can be written");
                command.args([
                    "--auth-type",
                    "htpasswd",
                    "--auth-htpasswd-encryption",
                    "plain",
                    "--auth-delay",
                    "0",
                ]);
                command.arg("--auth-htpasswd-filename").arg(file);
            }
        }
        command
    })
    .await
}
