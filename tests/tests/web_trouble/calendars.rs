//! Calendars that go, or can no longer be written.

use starmesh_sim::google::Role;
use starmesh_sim::microsoft::world::{MailboxKind, Role as GraphRole};
use starmesh_tests::Outcome;
use starmesh_tests::cli::wedged;

use crate::{At, CLUB, Scene, by_hand, google_event, microsoft_event};

#[tokio::test]
async fn a_deleted_calendar_stops_its_own_links_and_takes_no_mirror_with_it_at_once() -> Outcome<()> {
    for gone in At::ALL {
        let scene = Scene::new().await?;
        let project = scene.project;
        match gone {
            At::Google => drop(scene.google.sim.put_event(CLUB, None, &google_event(5, 8)).map_err(by_hand)?),
            At::Microsoft => {
                let event = microsoft_event(5, 8);
                scene.microsoft.sim.with(|world| world.put_event(project, &event)).map_err(by_hand)?;
            }
        }
        scene.app.ok(&["sync", "--yes"]).await?;
        match gone {
            At::Google => scene.google.sim.remove_calendar(CLUB).map_err(by_hand)?,
            At::Microsoft => scene.microsoft.sim.with(|world| world.delete_calendar(project)),
        }
        scene.book(gone, 6, 9)?;
        let error = scene.app.error(&["sync", "--yes"], 1).await?;
        assert_eq!(error["code"], "not_found", "{error}");
        let name = if gone == At::Google { "Club" } else { "Project" };
        assert!(error["message"].as_str().is_some_and(|message| message.contains(name)), "{error}");
        let (home, office, other) = match gone {
            At::Google => (
                scene.google.mirrors(starmesh_tests::web::ADA)?,
                scene.microsoft.mirrors(scene.office),
                scene.microsoft.mirrors(project),
            ),
            At::Microsoft => (
                scene.microsoft.mirrors(scene.office),
                scene.google.mirrors(starmesh_tests::web::ADA)?,
                scene.google.mirrors(CLUB)?,
            ),
        };
        assert_eq!(
            (home, office, other),
            (2, 3, 4),
            "what its event brought stays until it is sure; the new one came"
        );
        let listed = scene.app.json(&["calendar", "list"]).await?;
        let missing: Vec<_> = listed["calendars"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|calendar| calendar["missing"] == true)
            .map(|calendar| calendar["name"].clone())
            .collect();
        assert_eq!(missing.len(), 1, "{listed}");
    }
    Ok(())
}

#[tokio::test]
async fn a_calendar_made_read_only_at_google_stands_still_alone_until_it_can_be_written_again() -> Outcome<()>
{
    let scene = Scene::new().await?;
    let role = |role| scene.google.sim.set_role(CLUB, starmesh_tests::web::ADA, Some(role)).map_err(by_hand);
    role(Role::Reader)?;
    scene.book(At::Microsoft, 6, 9)?;
    let ended = scene.app.run(&["--json", "sync", "--yes"]).await?.expect(1)?;
    assert_eq!(ended.error()?["code"], "incomplete", "{}", ended.stderr);
    scene.expect([2, 2, 1, 3])?;
    let status = scene.app.json(&["status"]).await?;
    assert!(wedged(&status, "read_only") >= 1, "{status}");
    role(Role::Owner)?;
    scene.settles([2, 3, 1, 3]).await
}

#[tokio::test]
async fn a_calendar_made_read_only_at_microsoft_stands_still_alone_until_it_can_be_written_again()
-> Outcome<()> {
    let scene = Scene::new().await?;
    let sim = &scene.microsoft.sim;
    let ada = scene.microsoft.ada;
    let bob = sim.add_user(MailboxKind::Work, "bob@example.test", "Bob");
    let team = sim.with(|world| {
        let team = world.add_calendar(bob, "Team");
        world.share(team, ada, GraphRole::Write);
        world.accept(ada, team);
        team
    });
    scene.app.json(&["calendar", "list"]).await?;
    scene
        .app
        .ok(&["group", "add", "pair", &format!("personal/{}", starmesh_tests::web::ADA), "office/Team"])
        .await?;
    scene.app.ok(&["sync", "--yes"]).await?;
    let standing = || sim.with(|world| world.events(team).count());
    assert_eq!(standing(), 1);
    sim.with(|world| world.share(team, ada, GraphRole::Read));
    scene.book(At::Google, 6, 9)?;
    let ended = scene.app.run(&["--json", "sync", "--yes"]).await?.expect(1)?;
    assert_eq!(ended.error()?["code"], "incomplete", "{}", ended.stderr);
    assert_eq!(standing(), 1);
    scene.expect([1, 3, 2, 3])?;
    let status = scene.app.json(&["status"]).await?;
    assert_eq!(wedged(&status, "read_only"), 1, "{status}");
    sim.with(|world| world.share(team, ada, GraphRole::Write));
    scene.settles([1, 3, 2, 3]).await?;
    assert_eq!(standing(), 2);
    Ok(())
}
