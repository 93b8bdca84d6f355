//! What cannot be meant is refused before anything is set up.

use starmesh_tests::Outcome;

use crate::Scene;

#[tokio::test]
async fn an_argument_that_cannot_be_meant_is_refused_with_what_would_do() -> Outcome<()> {
    let rows: [(&[&str], &str); 6] = [
        (&["demo", "--rtt", "fast"], "80ms"),
        (&["demo", "--rtt", "11s"], "at most 10s"),
        (&["demo", "--duration", "30"], "30s"),
        (&["demo", "--duration", "25h"], "at most 24h"),
        (&["demo", "--seed", "chance"], "--seed"),
        (&["demo", "--frobnicate"], "--frobnicate"),
    ];
    for (args, hint) in rows {
        let scene = Scene::new()?;
        let ended = scene.run(args).await?.expect(2)?;
        assert!(ended.stderr.contains(hint) && ended.stdout.is_empty(), "{args:?}: {}", ended.stderr);
        scene.expect_nothing_left()?;
    }
    Ok(())
}

#[tokio::test]
async fn the_demo_takes_no_data_folder_and_no_vault_of_yours() -> Outcome<()> {
    for (option, value) in [("--data-dir", "mine"), ("--vault", "keychain")] {
        let scene = Scene::new()?;
        let ended = scene.run(&["--json", "demo", option, value]).await?.expect(2)?;
        let error = ended.error()?;
        assert_eq!(error["code"], "invalid_value", "{error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(option)), "{error}");
        scene.expect_nothing_left()?;
    }
    Ok(())
}

#[tokio::test]
async fn the_help_names_every_option_with_examples() -> Outcome<()> {
    let scene = Scene::new()?;
    let help = scene.run(&["demo", "--help"]).await?.expect(0)?.stdout;
    for word in ["--keep", "--duration", "--rtt", "--poll", "--seed", "--token", "--json", "Examples:"] {
        assert!(help.contains(word), "{word}: {help}");
    }
    Ok(())
}
