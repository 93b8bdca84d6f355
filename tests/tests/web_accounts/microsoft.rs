use serde_json::json;
use starmesh_sim::microsoft::world::CalendarNo;
use starmesh_sim::microsoft::world::MailboxKind;
use starmesh_sim::web::WriteKind;
use starmesh_sim::web::auth::User;
use starmesh_tests::Outcome;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::web::{ADA, Microsoft, in_browser};
use starmesh_tests::world::at;
use tempfile::TempDir;

use crate::{by_hand, instant, microsoft_event as event};

struct Scene {
    microsoft: Microsoft,
    app: Starmesh,
    own: CalendarNo,
    projects: CalendarNo,
    _folder: TempDir,
}

impl Scene {
    /// Ada with two calendars, a meeting in one and a series in the other, as a pair.
    async fn new(kind: MailboxKind) -> Outcome<Self> {
        let microsoft = Microsoft::start(kind).await?;
        let ada = microsoft.ada;
        let (own, projects) = microsoft.sim.with(|world| {
            let own = world.mailbox(ada).map(|mailbox| mailbox.default_calendar);
            (own.unwrap_or(CalendarNo(0)), world.add_calendar(ada, "Projects"))
        });
        let mut series = event(2, 14, "Secret review");
        let day = instant(2, 0);
        let weekday = at(2, 0).format("%A").to_string();
        series["recurrence"] = json!({
            "pattern": { "type": "weekly", "interval": 1, "daysOfWeek": [weekday.to_lowercase()] },
            "range": { "type": "numbered", "numberOfOccurrences": 3, "startDate": &day[..10] },
        });
        microsoft
            .sim
            .with(|world| -> Result<(), String> {
                world.put_event(projects, &event(3, 9, "Secret workshop"))?;
                world.put_event(own, &series)?;
                Ok(())
            })
            .map_err(by_hand)?;
        let folder = tempfile::Builder::new().prefix("starmesh-microsoft-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        microsoft.add_account(&app, "work", &[]).await?.expect(0)?;
        app.ok(&["group", "add", "pair", "work/Calendar", "work/Projects"]).await?;
        Ok(Self { microsoft, app, own, projects, _folder: folder })
    }

    fn expect(&self, own: usize, projects: usize) {
        let found = (self.microsoft.mirrors(self.own), self.microsoft.mirrors(self.projects));
        assert_eq!(found, (own, projects), "mirrors of the own calendar and of projects");
        let notified = self.microsoft.sim.ledger().notifications();
        assert!(notified.is_empty(), "somebody would have been notified: {notified:?}");
    }

    /// How many events the program wrote so far.
    fn writes(&self) -> usize {
        let of_events = |kind| {
            matches!(kind, WriteKind::EventCreated | WriteKind::EventChanged | WriteKind::EventDeleted)
        };
        self.microsoft.sim.ledger().writes().iter().filter(|write| of_events(write.kind)).count()
    }
}

async fn converges(kind: MailboxKind) -> Outcome<()> {
    let scene = Scene::new(kind).await?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.expect(1, 3);

    let before = scene.writes();
    scene.app.ok(&["sync", "--yes"]).await?;
    assert_eq!(scene.writes(), before, "a second pass writes nothing");

    let projects = scene.projects;
    scene
        .microsoft
        .sim
        .with(|world| world.put_event(projects, &event(5, 11, "Secret talk")))
        .map_err(by_hand)?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.expect(2, 3);
    assert_eq!(scene.writes(), before + 1, "one event is one write");

    scene.app.ok(&["clean", "--all", "--yes"]).await?;
    scene.expect(0, 0);
    Ok(())
}

#[tokio::test]
async fn a_pair_in_a_work_account_converges_stays_quiet_and_is_taken_back() -> Outcome<()> {
    converges(MailboxKind::Work).await
}

#[tokio::test]
async fn a_pair_in_a_personal_account_converges_stays_quiet_and_is_taken_back() -> Outcome<()> {
    converges(MailboxKind::Personal).await
}

#[tokio::test]
async fn a_withdrawn_sign_in_is_told_and_a_new_one_goes_on() -> Outcome<()> {
    let scene = Scene::new(MailboxKind::Work).await?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.microsoft.sim.auth().withdraw_consent(&User(ADA.to_owned()));
    let projects = scene.projects;
    scene
        .microsoft
        .sim
        .with(|world| world.put_event(projects, &event(5, 9, "Secret talk")))
        .map_err(by_hand)?;
    let error = scene.app.error(&["sync", "--yes"], 3).await?;
    assert_eq!(error["code"], "sign_in_refused", "{error}");
    scene.expect(1, 3);

    in_browser(&scene.app, &["account", "signin", "work", "--browser", "none"], "").await?.expect(0)?;
    scene.app.ok(&["sync", "--yes"]).await?;
    scene.expect(2, 3);
    Ok(())
}

#[tokio::test]
async fn an_account_that_is_removed_says_what_to_withdraw_by_hand_at_microsoft() -> Outcome<()> {
    let scene = Scene::new(MailboxKind::Work).await?;
    let told = scene.app.ok(&["account", "remove", "work", "--yes"]).await?;
    assert!(told.contains("Microsoft cannot be told to end its sign-in: withdraw by hand"), "{told}");
    assert!(told.contains("https://myapps.microsoft.com"), "{told}");
    assert_eq!(scene.app.json(&["account", "list"]).await?["accounts"], json!([]));
    Ok(())
}
