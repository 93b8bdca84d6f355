use serde_json::json;
use starmesh_sim::google::NewCalendar;
use starmesh_sim::web::WriteKind;
use starmesh_sim::web::auth::User;
use starmesh_tests::Outcome;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::web::{ADA, Google, in_browser};
use tempfile::TempDir;

use crate::{by_hand, google_event as event};

const PROJECTS: &str = "projects@group.calendar.google.com";
const FAMILY: &str = "family@group.calendar.google.com";

struct Scene {
    google: Google,
    app: Starmesh,
    _folder: TempDir,
}

impl Scene {
    /// Ada with three calendars, a meeting in one and a series in another, in a mesh.
    async fn new() -> Outcome<Self> {
        let google = Google::start().await?;
        for (id, summary) in [(PROJECTS, "Projects"), (FAMILY, "Family")] {
            let calendar = NewCalendar {
                id: id.to_owned(),
                summary: summary.to_owned(),
                zone: "Europe/Berlin".to_owned(),
                owner: ADA.to_owned(),
                can_push: true,
            };
            google.sim.add_calendar(&calendar).map_err(by_hand)?;
        }
        google
            .sim
            .put_event(PROJECTS, Some("workshop0001"), &event(3, 9, "Secret workshop"))
            .map_err(by_hand)?;
        let mut series = event(2, 14, "Secret review");
        series["recurrence"] = json!(["RRULE:FREQ=WEEKLY;COUNT=3"]);
        for end in ["start", "end"] {
            series[end]["timeZone"] = json!("Europe/Berlin");
        }
        google.sim.put_event(FAMILY, Some("review000001"), &series).map_err(by_hand)?;
        let folder = tempfile::Builder::new().prefix("starmesh-google-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        google.add_account(&app, "work").await?.expect(0)?;
        app.ok(&["group", "add", "mesh", "work/Projects", "work/Family", &format!("work/{ADA}")]).await?;
        Ok(Self { google, app, _folder: folder })
    }

    fn expect(&self, projects: usize, family: usize, own: usize) -> Outcome<()> {
        let found = (self.google.mirrors(PROJECTS)?, self.google.mirrors(FAMILY)?, self.google.mirrors(ADA)?);
        assert_eq!(found, (projects, family, own), "mirrors of projects, family and the own calendar");
        let notified = self.google.sim.ledger().notifications();
        assert!(notified.is_empty(), "somebody would have been notified: {notified:?}");
        Ok(())
    }

    /// How many events the program wrote so far.
    fn writes(&self) -> usize {
        let writes = self.google.sim.ledger().writes();
        let of_events = |kind| {
            matches!(kind, WriteKind::EventCreated | WriteKind::EventChanged | WriteKind::EventDeleted)
        };
        writes.iter().filter(|write| !write.method.is_empty() && of_events(write.kind)).count()
    }
}

#[tokio::test]
async fn a_mesh_of_google_calendars_converges_stays_quiet_and_is_taken_back() -> Outcome<()> {
    let scene = Scene::new().await?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.expect(3, 1, 4)?;

    let before = scene.writes();
    scene.app.ok(&["sync", "--yes"]).await?;
    assert_eq!(scene.writes(), before, "a second pass writes nothing");

    scene
        .google
        .sim
        .patch_event(PROJECTS, "workshop0001", &event(4, 11, "Secret workshop"))
        .map_err(by_hand)?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.expect(3, 1, 4)?;
    assert_eq!(scene.writes(), before + 2, "a move is one change in each of the two targets");

    scene.google.sim.delete_event(FAMILY, "review000001").map_err(by_hand)?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.expect(0, 1, 1)?;

    scene.app.ok(&["clean", "--all", "--yes"]).await?;
    scene.expect(0, 0, 0)
}

#[tokio::test]
async fn a_withdrawn_sign_in_is_told_once_and_a_new_one_goes_on() -> Outcome<()> {
    let scene = Scene::new().await?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.google.sim.auth().withdraw_consent(&User(ADA.to_owned()));
    scene.google.sim.put_event(PROJECTS, None, &event(5, 9, "Secret talk")).map_err(by_hand)?;
    let error = scene.app.error(&["sync", "--yes"], 3).await?;
    assert_eq!(error["code"], "sign_in_refused", "{error}");
    scene.expect(3, 1, 4)?;

    in_browser(&scene.app, &["account", "signin", "work", "--browser", "none"], "").await?.expect(0)?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.expect(3, 2, 5)
}

#[tokio::test]
async fn an_account_that_is_removed_ends_its_sign_in_at_google() -> Outcome<()> {
    let scene = Scene::new().await?;
    scene.app.ok(&["sync", "--yes"]).await?;
    let live = || scene.google.sim.auth().live_grants(&User(ADA.to_owned()));
    assert_eq!(live(), 1);
    let removed = scene.app.json(&["account", "remove", "work", "--yes"]).await?;
    assert_eq!(removed["grant"], json!({ "state": "withdrawn", "provider": "Google" }), "{removed}");
    assert_eq!(live(), 0);
    scene.expect(0, 0, 0)
}

#[tokio::test]
async fn an_account_goes_though_google_cannot_be_told_and_the_person_is() -> Outcome<()> {
    let google = Google::start().await?;
    let folder = tempfile::Builder::new().prefix("starmesh-google-").tempdir()?;
    let app = Starmesh::new(&folder.path().join("data"))?;
    // Nobody listens at the discard port.
    let endpoints =
        google.endpoints().replace(&format!("{}/revoke", google.authority()), "127.0.0.1:9/revoke");
    google.add_account_at(&app, "work", &endpoints).await?.expect(0)?;
    let told = app.ok(&["account", "remove", "work", "--yes"]).await?;
    assert!(told.contains("Removed the account work."), "{told}");
    assert!(told.contains("Google could not be told to end its sign-in (127.0.0.1:9 "), "{told}");
    assert!(told.contains("withdraw by hand what you allowed, at https://myaccount.google.com/"), "{told}");
    assert_eq!(app.json(&["account", "list"]).await?["accounts"], json!([]));
    assert_eq!(google.sim.auth().live_grants(&User(ADA.to_owned())), 1, "it still stands");
    Ok(())
}

#[tokio::test]
async fn a_sign_in_that_was_withdrawn_by_hand_needs_no_end() -> Outcome<()> {
    let scene = Scene::new().await?;
    scene.google.sim.auth().withdraw_consent(&User(ADA.to_owned()));
    let told = scene.app.ok(&["account", "remove", "work", "--yes", "--leave-mirrors"]).await?;
    assert!(told.contains("Google has ended its sign-in."), "{told}");
    Ok(())
}
