//! Mirrors that a person touched.

use chrono::TimeDelta;
use starmesh_tests::ground::{Ground, Touch};
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, mirrors};
use starmesh_tests::world::{World, at};
use starmesh_tests::{Failure, Outcome};

use crate::on_every_ground;

on_every_ground!(
    an_edited_and_a_deleted_mirror_come_back,
    a_copied_mirror_and_one_with_guests_are_left_alone,
);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Three meetings at work, mirrored into the family's calendar; where each mirror is.
async fn scene(ground: Ground) -> Outcome<(World, [String; 3])> {
    let world = World::new(ground, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    for (hour, uid) in (8..).zip(["first", "second", "third"]) {
        world.put("work", &Event::timed(uid, at(4, hour), HOUR)).await?;
    }
    world.sync().await?;
    let mut found = mirrors(&world.list("family").await?)?;
    found.sort_by(|a, b| a.block.cmp(&b.block));
    let hrefs: Vec<String> = found.into_iter().map(|mirror| mirror.href).collect();
    let hrefs = hrefs.try_into().map_err(|_| Failure::new("there are not three mirrors"))?;
    Ok((world, hrefs))
}

fn all() -> [Block; 3] {
    [8, 9, 10].map(|hour| Block::timed(at(4, hour), HOUR))
}

async fn an_edited_and_a_deleted_mirror_come_back(ground: Ground) -> Outcome<()> {
    let (world, [first, second, third]) = scene(ground).await?;
    let originals = world.originals().await?;
    world.touch("family", &first, Touch::Until(at(5, 9))).await?;
    world.touch("family", &second, Touch::Title("Dentist")).await?;
    world.remove("family", &third).await?;
    world.sync().await?;
    world.expect("family", &all()).await?;
    world.expect("work", &[]).await?;
    assert_eq!(world.originals().await?, originals);
    world.expect_quiet().await
}

async fn a_copied_mirror_and_one_with_guests_are_left_alone(ground: Ground) -> Outcome<()> {
    let (world, [first, second, _]) = scene(ground).await?;
    // A person copies a mirror: same mark, another UID.
    let copy = world.copy("family", &first).await?;
    // Somebody is invited to another mirror, whose meeting is then called off.
    world.touch("family", &second, Touch::Guest("guest@example.org")).await?;
    world.delete("work", "second").await?;
    world.delete("work", "first").await?;
    let before = world.list("family").await?;
    assert!(before.contains_key(&copy));
    let report = world.app.run(&["sync", "--yes"]).await?;
    assert!([0, 1, 3].contains(&report.code), "{}", report.stderr);

    let after = world.list("family").await?;
    assert_eq!(after.get(&copy), before.get(&copy), "the copy is untouched");
    assert_eq!(after.get(&second), before.get(&second), "the mirror with guests is untouched");
    assert_eq!(after.get(&first), None, "the mirror that nobody touched went with its meeting");
    world.expect("work", &[]).await?;
    let plan = world.app.json(&["plan"]).await?.to_string();
    assert!(plan.contains("has_attendees") && plan.contains("copied"), "both are named: {plan}");
    Ok(())
}
