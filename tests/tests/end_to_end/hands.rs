//! Mirrors that a person touched.

use chrono::TimeDelta;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, MARK, mirrors};
use starmesh_tests::servers::Kind;
use starmesh_tests::world::{World, at};
use starmesh_tests::{Failure, Outcome};

use crate::on_both_servers;

on_both_servers!(
    an_edited_and_a_deleted_mirror_come_back,
    a_copied_mirror_and_one_with_guests_are_left_alone,
);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Three meetings at work, mirrored into the family's calendar; where each mirror is.
async fn scene(kind: Kind) -> Outcome<(World, Vec<(String, String)>)> {
    let world = World::new(kind, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    for (hour, uid) in (8..).zip(["first", "second", "third"]) {
        world.put("work", &Event::timed(uid, at(4, hour), HOUR)).await?;
    }
    world.sync().await?;
    let listing = world.list("family").await?;
    let mut found = mirrors(&listing)?;
    found.sort_by(|a, b| a.block.cmp(&b.block));
    let texts = found.into_iter().map(|it| (it.href.clone(), listing[&it.href].body.clone())).collect();
    Ok((world, texts))
}

fn all() -> [Block; 3] {
    [8, 9, 10].map(|hour| Block::timed(at(4, hour), HOUR))
}

/// `text` with the first `from` replaced; a failure when there is none.
fn edited(text: &str, from: &str, to: &str) -> Outcome<String> {
    if text.contains(from) { Ok(text.replacen(from, to, 1)) } else { Err(Failure::new(format!("no {from}"))) }
}

async fn an_edited_and_a_deleted_mirror_come_back(kind: Kind) -> Outcome<()> {
    let (world, texts) = scene(kind).await?;
    let originals = world.originals().await?;
    let [(first, text), (second, other), (third, _)] = &texts[..] else {
        return Err(Failure::new("there are not three mirrors"));
    };
    let later = |days| format!("DTEND:{}", Block::timed(at(days, 8), HOUR).end);
    world.dav.put_ics(first, &edited(text, &later(4), &later(5))?).await?;
    world.dav.put_ics(second, &edited(other, "SUMMARY:Busy", "SUMMARY:Dentist")?).await?;
    world.dav.delete(third).await?;
    world.sync().await?;
    world.expect("family", &all()).await?;
    world.expect("work", &[]).await?;
    assert_eq!(world.originals().await?, originals);
    world.expect_quiet().await
}

async fn a_copied_mirror_and_one_with_guests_are_left_alone(kind: Kind) -> Outcome<()> {
    let (world, texts) = scene(kind).await?;
    let [(first, text), (second, other), _] = &texts[..] else {
        return Err(Failure::new("there are not three mirrors"));
    };
    // A person drags a copy of a mirror to another day: same mark, another UID.
    let uid = mirrors(&world.list("family").await?)?.into_iter().find(|it| it.href == *first);
    let uid = uid.map(|mirror| mirror.uid).unwrap_or_default();
    let copy = edited(text, &format!("UID:{uid}"), "UID:dragged-copy")?;
    assert!(copy.contains(MARK));
    world.dav.put_ics(&world.href("family", "dragged-copy"), &copy).await?;
    // Somebody is invited to another mirror, whose meeting is then called off.
    let guests = "ORGANIZER:mailto:me@example.org\r\nATTENDEE:mailto:guest@example.org\r\nEND:VEVENT";
    world.dav.put_ics(second, &edited(other, "END:VEVENT", guests)?).await?;
    world.delete("work", "second").await?;
    world.delete("work", "first").await?;
    let before = world.list("family").await?;
    let report = world.app.run(&["sync", "--yes"]).await?;
    assert!([0, 1, 3].contains(&report.code), "{}", report.stderr);

    let after = world.list("family").await?;
    let copy_href = world.href("family", "dragged-copy");
    assert_eq!(after.get(&copy_href), before.get(&copy_href), "the copy is untouched");
    assert_eq!(after.get(second), before.get(second), "the mirror with guests is untouched");
    assert_eq!(after.get(first), None, "the mirror that nobody touched went with its meeting");
    world.expect("work", &[]).await?;
    let plan = world.app.json(&["plan"]).await?.to_string();
    assert!(plan.contains("has_attendees") && plan.contains("copied"), "both are named: {plan}");
    Ok(())
}
