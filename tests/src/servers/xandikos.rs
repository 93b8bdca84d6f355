//! Xandikos.

use std::process::Command;

use super::USER;
use super::process::{ServerProcess, python_program};

pub(super) async fn start() -> ServerProcess {
    ServerProcess::start(|port, data| {
        let mut command = Command::new(python_program("xandikos"));
        command.args(["serve", "--defaults", "--no-detect-systemd", "-l", "127.0.0.1"]);
        command.args(["-p", &port.to_string(), "--current-user-principal", &format!("/{USER}/")]);
        command.arg("-d").arg(data.join("xandikos"));
        command.arg("--state-dir").arg(data.join("state"));
        command
    })
    .await
}
