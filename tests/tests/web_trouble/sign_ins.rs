//! Sign-ins that end in the middle of things, and clocks that disagree.

use std::time::Duration;

use chrono::TimeDelta;
use starmesh_sim::web::auth::User;
use starmesh_sim::web::{Ledger, WriteKind};
use starmesh_tests::web::{ADA, in_browser};
use starmesh_tests::{Failure, Outcome};
use tokio::time::{Instant, sleep};

use crate::{At, Scene, by_hand, google_event, microsoft_event};

/// Events whose mirrors need several batches at either provider.
const MANY: usize = 120;
/// How long a condition may take to come true.
const SEEN_WITHIN: Duration = Duration::from_mins(1);
/// The pause between two looks.
const LOOK_PAUSE: Duration = Duration::from_millis(2);

impl Scene {
    fn ledger(&self, at: At) -> Ledger {
        match at {
            At::Google => self.google.sim.ledger().clone(),
            At::Microsoft => self.microsoft.sim.ledger().clone(),
        }
    }

    fn created(&self, at: At) -> usize {
        self.ledger(at).writes().iter().filter(|write| write.kind == WriteKind::EventCreated).count()
    }

    fn withdraw(&self, at: At) {
        let ada = User(ADA.to_owned());
        match at {
            At::Google => self.google.sim.auth().withdraw_consent(&ada),
            At::Microsoft => self.microsoft.sim.auth().withdraw_consent(&ada),
        }
    }

    fn book_many(&self, at: At) -> Outcome<()> {
        for number in 0..MANY {
            let (days, hour) = (20 + number as u64 / 20, u32::try_from(number % 20)?);
            match at {
                At::Google => {
                    self.google.sim.put_event(ADA, None, &google_event(days, hour)).map_err(by_hand)?;
                }
                At::Microsoft => {
                    let event = microsoft_event(days, hour);
                    self.microsoft.sim.with(|world| world.put_event(self.office, &event)).map_err(by_hand)?;
                }
            }
        }
        Ok(())
    }

    async fn waits_until(&self, what: &str, is_so: impl Fn(&Self) -> Outcome<bool>) -> Outcome<()> {
        let deadline = Instant::now() + SEEN_WITHIN;
        while !is_so(self)? {
            if Instant::now() > deadline {
                return Err(Failure::new(format!("{what}: not within {SEEN_WITHIN:?}")));
            }
            sleep(LOOK_PAUSE).await;
        }
        Ok(())
    }
}

async fn withdrawn_between_two_batches(bad: At) -> Outcome<()> {
    let scene = Scene::new().await?;
    let (before, good) = (scene.created(bad), bad.other());
    scene.book_many(good)?;
    let running = scene.app.spawn(&["--json", "sync", "--yes"])?;
    scene.waits_until("the first batch", |scene| Ok(scene.created(bad) > before)).await?;
    scene.withdraw(bad);
    let written = scene.created(bad) - before;
    assert!(written < 2 * MANY, "{written} of {} were written before the withdrawal", 2 * MANY);
    let ended = running.end().await?.expect(3)?;
    assert!(ended.stdout.contains("\"sign_in_refused\""), "{}", ended.stdout);

    in_browser(&scene.app, &["account", "signin", bad.account(), "--browser", "none"], "")
        .await?
        .expect(0)?;
    let all = MANY;
    let wanted = match good {
        At::Google => [1, 2 + all, 1 + all, 2 + all],
        At::Microsoft => [1 + all, 2 + all, 1, 2 + all],
    };
    scene.settles(wanted).await?;
    assert_eq!(scene.created(bad) - before, 2 * all, "nothing was placed twice");
    Ok(())
}

#[tokio::test]
async fn consent_withdrawn_between_two_batches_loses_and_doubles_nothing_at_google() -> Outcome<()> {
    withdrawn_between_two_batches(At::Google).await
}

#[tokio::test]
async fn consent_withdrawn_between_two_batches_loses_and_doubles_nothing_at_microsoft() -> Outcome<()> {
    withdrawn_between_two_batches(At::Microsoft).await
}

#[tokio::test]
async fn consent_withdrawn_at_one_account_stops_its_own_links_alone() -> Outcome<()> {
    for (bad, booked, settled) in
        [(At::Google, [1, 2, 1, 3], [2, 3, 1, 3]), (At::Microsoft, [1, 3, 1, 2], [1, 3, 2, 3])]
    {
        let scene = Scene::new().await?;
        scene.withdraw(bad);
        scene.book(bad.other(), 6, 9)?;
        let error = scene.app.error(&["sync", "--yes"], 3).await?;
        assert_eq!(
            (&error["code"], &error["action"]["account"]),
            (&"sign_in_refused".into(), &bad.account().into())
        );
        scene.expect(booked)?;
        let accounts = scene.app.json(&["account", "list"]).await?;
        for account in accounts["accounts"].as_array().into_iter().flatten() {
            assert_eq!(account["needs_person"], account["name"] == bad.account(), "{account}");
        }
        in_browser(&scene.app, &["account", "signin", bad.account(), "--browser", "none"], "")
            .await?
            .expect(0)?;
        scene.settles(settled).await?;
    }
    Ok(())
}

/// A token lives as long by the provider's clock as by ours, unless one of them is moved.
async fn skewed(skew: TimeDelta) -> Outcome<()> {
    let scene = Scene::new().await?;
    scene.app.ok(&["settings", "set", "poll_interval", "5"]).await?;
    let mut running = scene.app.spawn(&["--json", "run"])?;
    running.line(SEEN_WITHIN, |line| line.contains("\"quiet\"")).await?;
    scene.google.sim.clock().advance(skew);
    scene.microsoft.sim.clock().advance(skew);
    scene.book(At::Google, 7, 9)?;
    scene.book(At::Microsoft, 8, 9)?;
    scene.waits_until("the mirrors", |scene| Ok(scene.mirrors()? == [2, 4, 2, 4])).await?;
    running.stop().await?.expect(0)?;
    scene.settles([2, 4, 2, 4]).await
}

#[tokio::test]
async fn providers_whose_clocks_are_two_hours_ahead_end_tokens_early_and_are_asked_for_new_ones()
-> Outcome<()> {
    skewed(TimeDelta::hours(2)).await
}

#[tokio::test]
async fn providers_whose_clocks_are_two_hours_behind_change_nothing() -> Outcome<()> {
    skewed(TimeDelta::hours(-2)).await
}
