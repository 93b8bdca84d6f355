//! Keychains that are locked, or not there.
#![cfg(target_os = "linux")]

use std::fs;

use starmesh_tests::Outcome;
use starmesh_tests::cli::{Ended, Starmesh};
use tokio::process::Command;

/// Runs a command with an unlocked keyring, which must succeed, and once more with the keyring as it is after
/// a log-in without its password.
const LOCKED: &str = r#"
    printf 'keyring password' | gnome-keyring-daemon --unlock --components=secrets --foreground >&2 & keyring=$!
    gdbus wait --session --timeout 20 org.freedesktop.secrets || exit 90
    "$@" || exit 91
    kill $keyring; wait $keyring 2>/dev/null
    gnome-keyring-daemon --start --components=secrets --foreground >&2 </dev/null & keyring=$!
    gdbus wait --session --timeout 20 org.freedesktop.secrets || exit 90
    "$@"; code=$?
    kill $keyring; wait $keyring 2>/dev/null
    exit $code
"#;

/// Makes a data folder with its keys in the keychain of a session.
async fn first_use(session: &[&str]) -> Outcome<Ended> {
    let folder = tempfile::tempdir()?;
    let app = Starmesh::new(&folder.path().join("data"))?;
    let mut command = Command::new(session.first().copied().unwrap_or("env"));
    app.surround(&mut command);
    for (name, place) in
        [("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run"), ("XDG_CONFIG_HOME", "config")]
    {
        fs::create_dir_all(folder.path().join(place))?;
        command.env(name, folder.path().join(place));
    }
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    command.args(session.iter().skip(1)).arg(app.binary());
    let args = ["--json", "--vault", "keychain", "settings", "set", "window", "90"];
    command.args(args).arg("--data-dir").arg(app.folder());
    app.finish(command, &args, "").await
}

#[tokio::test]
async fn a_locked_keychain_needs_a_person() -> Outcome<()> {
    let error = first_use(&["dbus-run-session", "--", "sh", "-c", LOCKED, "sh"]).await?.expect(3)?.error()?;
    assert_eq!(error["code"], "vault_unavailable", "{error}");
    assert!(error["hint"].to_string().contains("nlock"), "the way out is named: {error}");
    Ok(())
}

#[tokio::test]
async fn a_machine_without_a_keychain_is_told_of_the_passphrase() -> Outcome<()> {
    let error = first_use(&[]).await?.expect(3)?.error()?;
    assert_eq!(error["code"], "vault_unavailable", "{error}");
    assert!(error["hint"].to_string().contains("--vault passphrase"), "{error}");
    Ok(())
}
