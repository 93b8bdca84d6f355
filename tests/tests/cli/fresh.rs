//! A folder in which nothing was ever kept, and mistakes in the command line.

use starmesh_tests::Outcome;
use starmesh_tests::cli::Starmesh;

#[tokio::test]
async fn looking_at_nothing_finds_nothing_and_makes_nothing() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("data");
    let app = Starmesh::new(&folder)?;
    let looks: [&[&str]; 8] = [
        &["account", "list"],
        &["calendar", "list"],
        &["group", "list"],
        &["link", "list"],
        &["settings", "list"],
        &["status"],
        &["activity"],
        &["plan"],
    ];
    for look in looks {
        assert!(!app.ok(look).await?.trim().is_empty(), "{look:?} says nothing");
        app.json(look).await?;
    }
    assert!(!folder.exists(), "looking made the data folder");
    Ok(())
}

#[tokio::test]
async fn a_command_line_that_makes_no_sense_is_code_2() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("data");
    let app = Starmesh::new(&folder)?;
    let mistakes: [&[&str]; 10] = [
        &["frobnicate"],
        &["group", "add", "mesh", "only-one"],
        &["group", "add", "star", "--hub", "a"],
        &["clean"],
        &["clean", "--all", "--account", "a"],
        &["link", "pause"],
        &["link", "pause", "a->b", "--all"],
        &["apply", "--allow-removals", "many"],
        &["key", "export"],
        &["completions", "cmd.exe"],
    ];
    for mistake in mistakes {
        let ended = app.code(mistake, 2).await?;
        assert!(ended.stdout.is_empty() && !ended.stderr.is_empty(), "{mistake:?}");
    }
    assert!(!folder.exists(), "a mistake made the data folder");
    Ok(())
}

#[tokio::test]
async fn help_has_examples_and_completions_are_scripts() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let app = Starmesh::new(&home.path().join("data"))?;
    for command in [&["--help"][..], &["group", "add", "--help"], &["account", "add", "caldav", "--help"]] {
        let help = app.ok(command).await?;
        assert!(help.contains("starmesh group add") || help.contains("starmesh account add"), "{help}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(app.ok(&["completions", shell]).await?.contains("starmesh"), "{shell}");
    }
    Ok(())
}

#[tokio::test]
async fn settings_are_kept_and_their_bounds_too() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let app = Starmesh::new(&home.path().join("data"))?;
    app.ok(&["settings", "set", "window", "90"]).await?;
    app.ok(&["settings", "set", "poll-interval", "5s"]).await?;
    app.ok(&["settings", "set", "label", "Taken"]).await?;
    assert_eq!(app.ok(&["settings", "get", "window"]).await?, "90\n");
    assert_eq!(app.ok(&["settings", "get", "poll_interval"]).await?, "5\n");
    assert_eq!(app.json(&["settings", "get", "label"]).await?["value"], "Taken");
    for (key, value, code) in [
        ("window", "29", "invalid_value"),
        ("zone", "Mars", "invalid_value"),
        ("colour", "red", "unknown_name"),
    ] {
        assert_eq!(app.error(&["settings", "set", key, value], 2).await?["code"], code, "{key} {value}");
    }
    assert_eq!(app.ok(&["settings", "get", "window"]).await?, "90\n");
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn the_data_folder_is_for_its_owner_only() -> Outcome<()> {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir()?;
    let folder = home.path().join("deep/data");
    let app = Starmesh::new(&folder)?;
    app.ok(&["settings", "set", "window", "90"]).await?;
    let mode = |path: &std::path::Path| Ok(std::fs::metadata(path)?.permissions().mode() & 0o777);
    let outcome: Outcome<u32> = mode(&folder);
    assert_eq!(outcome?, 0o700);
    for file in starmesh_tests::world::files(&folder)? {
        let outcome: Outcome<u32> = mode(&file);
        assert_eq!(outcome? & 0o077, 0, "{} can be read by others", file.display());
    }
    Ok(())
}

#[tokio::test]
async fn the_folder_keeps_its_vault_and_a_wrong_passphrase_is_named() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("data");
    let app = Starmesh::new(&folder)?;
    app.ok(&["settings", "set", "window", "90"]).await?;

    let wrong = app.with_passphrase("something else");
    let refusal = wrong.error(&["settings", "list"], 3).await?;
    assert_eq!(refusal["code"], "wrong_passphrase");

    // Without the variable, without a terminal: nobody is asked.
    let mut bare = app.command(&["--json", "settings", "list"]);
    bare.env_remove("STARMESH_PASSPHRASE");
    let ended = app.finish(bare, &["settings", "list"], "").await?.expect(3)?;
    assert_eq!(ended.error()?["code"], "passphrase_missing");

    // The folder remembers; naming the other kind is a mistake and changes nothing.
    let mut other = tokio::process::Command::new(app.binary());
    app.surround(&mut other);
    other.arg("--json").arg("--data-dir").arg(&folder).args(["--vault", "keychain", "settings", "list"]);
    let ended = app.finish(other, &["--vault", "keychain"], "").await?.expect(2)?;
    assert_eq!(ended.error()?["code"], "invalid_value");
    let mut same = tokio::process::Command::new(app.binary());
    app.surround(&mut same);
    same.arg("--data-dir").arg(&folder).args(["settings", "get", "window"]);
    assert_eq!(app.finish(same, &["settings", "get"], "").await?.expect(0)?.stdout, "90\n");
    Ok(())
}
