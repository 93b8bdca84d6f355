//! The keychain vault on a real GNOME Keyring.
//!
//! Every test runs this binary once more as a child, under a session bus of its own and with its home in a
//! temporary folder, so that nobody's keyring is touched. The child is the test `child`, which plays the
//! part that the environment names.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends where its surroundings fail")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use starmesh_store::vault::{KeychainVault, SecretStore, VaultError, conformance};

/// Names the part of a child.
const PART: &str = "STARMESH_TEST_KEYCHAIN";

/// How long a locked keychain is waited for. Nobody is there to unlock it.
const LOCKED_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts a keyring that is unlocked with the password on its standard input (and made if there is none),
/// runs the child, and ends both.
const UNLOCKED: &str = r#"
    printf 'keyring password' | gnome-keyring-daemon --unlock --components=secrets --foreground >&2 & keyring=$!
    gdbus wait --session --timeout 20 org.freedesktop.secrets || exit 90
    "$@"; code=$?
    kill $keyring; wait $keyring 2>/dev/null
    exit $code
"#;

/// The same, with the keyring as it is after a log-in without its password.
const LOCKED: &str = r#"
    gnome-keyring-daemon --start --components=secrets --foreground >&2 </dev/null & keyring=$!
    gdbus wait --session --timeout 20 org.freedesktop.secrets || exit 90
    "$@"; code=$?
    kill $keyring; wait $keyring 2>/dev/null
    exit $code
"#;

/// Only runs the child: the bus starts a keyring by itself when it is asked for.
const BARE: &str = r#""$@""#;

/// A session bus that starts no service.
const BUS_WITHOUT_SERVICES: &str = r#"
    <busconfig>
      <type>session</type>
      <listen>unix:tmpdir=/tmp</listen>
      <policy context="default">
        <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
      </policy>
    </busconfig>
"#;

/// The session of a child.
enum Session {
    /// No bus at all.
    None,
    /// A bus without services.
    Empty,
    /// The bus of a desktop, and a script that gets the child as its arguments.
    Desktop(&'static str),
}

/// Runs the child in `home`.
fn play(part: &str, home: &Path, session: &Session) -> Output {
    let own = std::env::current_exe().unwrap();
    let child = ["--exact", "child", "--nocapture"];
    let mut command = match session {
        Session::None => Command::new(&own),
        Session::Empty => {
            let config = home.join("bus.conf");
            std::fs::write(&config, BUS_WITHOUT_SERVICES).unwrap();
            let mut command = Command::new("dbus-run-session");
            command.arg("--config-file").arg(config).arg("--").arg(&own);
            command
        }
        Session::Desktop(script) => {
            let mut command = Command::new("dbus-run-session");
            command.args(["--", "sh", "-c", script, "sh"]).arg(&own);
            command
        }
    };
    command.args(child);
    for (name, folder) in
        [("XDG_DATA_HOME", "data"), ("XDG_RUNTIME_DIR", "run"), ("XDG_CONFIG_HOME", "config")]
    {
        std::fs::create_dir_all(home.join(folder)).unwrap();
        command.env(name, home.join(folder));
    }
    command
        .env("HOME", home)
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("GNOME_KEYRING_CONTROL")
        .env(PART, part)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[track_caller]
fn assert_played(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("played to the end"), "the child played no part");
}

#[test]
fn an_unlocked_keyring_passes_the_suite() {
    let home = tempfile::tempdir().unwrap();
    assert_played(&play("suite", home.path(), &Session::Desktop(UNLOCKED)));
}

#[test]
fn secrets_outlive_the_process_and_a_locked_keyring_is_named() {
    let home = tempfile::tempdir().unwrap();
    assert_played(&play("write", home.path(), &Session::Desktop(UNLOCKED)));
    assert_played(&play("read", home.path(), &Session::Desktop(UNLOCKED)));
    assert_played(&play("locked", home.path(), &Session::Desktop(LOCKED)));
}

#[test]
fn a_machine_without_a_keychain_is_named() {
    let home = tempfile::tempdir().unwrap();
    assert_played(&play("none", home.path(), &Session::None));
}

/// A session bus on which nobody offers secrets.
#[test]
fn a_session_without_a_keychain_is_named() {
    let home = tempfile::tempdir().unwrap();
    assert_played(&play("none", home.path(), &Session::Empty));
}

/// GNOME Keyring before anybody made a keyring in it.
#[test]
fn a_keychain_that_was_never_set_up_is_named() {
    let home = tempfile::tempdir().unwrap();
    assert_played(&play("never set up", home.path(), &Session::Desktop(BARE)));
}

/// The child. Without a part, as one test among the others, it checks that none is set.
#[tokio::test]
async fn child() {
    let vault = KeychainVault::new("profile");
    let large = "large ".repeat(2000);
    match std::env::var_os(PART).as_deref().and_then(|part| part.to_str()) {
        None => {
            assert_eq!(std::env::var_os(PART), None);
            return;
        }
        Some("suite") => {
            conformance::all(&vault).await.unwrap();
            let other = KeychainVault::new("other profile");
            vault.set("n", &"ours".into()).await.unwrap();
            assert_eq!(other.get("n").await.unwrap(), None, "profiles are apart");
        }
        Some("write") => {
            vault.set("small", &"small".into()).await.unwrap();
            vault.set("large", &large.as_str().into()).await.unwrap();
        }
        Some("read") => {
            assert_eq!(vault.get("small").await.unwrap(), Some("small".into()));
            assert_eq!(vault.get("large").await.unwrap(), Some(large.as_str().into()));
        }
        Some("locked") => {
            let vault = vault.with_timeout(LOCKED_TIMEOUT);
            for error in
                [vault.get("small").await.unwrap_err(), vault.set("n", &"new".into()).await.unwrap_err()]
            {
                eprintln!("{error}");
                assert!(matches!(error, VaultError::Locked | VaultError::TimedOut { .. }), "{error:?}");
                assert!(error.hint().contains("Unlock the keychain"));
            }
        }
        Some("never set up") => {
            let vault = vault.with_timeout(LOCKED_TIMEOUT);
            assert_eq!(vault.get("small").await.unwrap(), None);
            let error = vault.set("n", &"new".into()).await.unwrap_err();
            eprintln!("{error}");
            assert!(matches!(error, VaultError::NoKeychain { .. }), "{error:?}");
            assert!(error.hint().contains("--vault passphrase"));
        }
        Some("none") => {
            let error = vault.get("small").await.unwrap_err();
            assert!(matches!(error, VaultError::NoKeychain { .. }), "{error:?}");
            assert!(error.hint().contains("--vault passphrase"));
        }
        Some(part) => panic!("no such part: {part}"),
    }
    println!("played to the end");
}
