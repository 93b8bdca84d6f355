//! Events that no calendar should hold, among good ones.

use serde_json::{Value, json};
use starmesh_tests::Outcome;
use starmesh_tests::web::ADA;

use crate::{At, Scene, by_hand, instant};

/// Longer than anything that is believed, in days.
const AGES: u64 = 365 * 12;

fn wedges(status: &Value) -> Vec<&Value> {
    status["wedges"].as_array().into_iter().flatten().collect()
}

#[tokio::test]
async fn a_poisoned_event_stops_only_itself_is_named_once_and_can_be_mended() -> Outcome<()> {
    for at in At::ALL {
        let scene = Scene::new().await?;
        let office = scene.office;
        let poison = |end: &str| match at {
            At::Google => {
                let zoned = |time: &str| json!({ "dateTime": format!("{time}Z") });
                json!({ "summary": "Secret ages", "start": zoned(&instant(5, 8)), "end": zoned(end) })
            }
            At::Microsoft => {
                let zoned = |time: &str| json!({ "dateTime": time, "timeZone": "UTC" });
                json!({ "subject": "Secret ages", "start": zoned(&instant(5, 8)), "end": zoned(end), "showAs": "busy" })
            }
        };
        let ages = poison(&instant(AGES, 8));
        let number = match at {
            At::Google => {
                scene.google.sim.put_event(ADA, Some("poison0001"), &ages).map_err(by_hand)?;
                None
            }
            At::Microsoft => {
                Some(scene.microsoft.sim.with(|world| world.put_event(office, &ages)).map_err(by_hand)?)
            }
        };
        scene.book(at, 6, 9)?;
        let with_good = match at {
            At::Google => [1, 3, 2, 3],
            At::Microsoft => [2, 3, 1, 3],
        };
        scene.app.run(&["--json", "sync", "--yes"]).await?;
        scene.expect(with_good)?;
        let status = scene.app.json(&["status"]).await?;
        let stuck = wedges(&status);
        assert_eq!(stuck.len(), 1, "it is named once: {status}");
        assert_eq!(stuck[0]["reason"], "too_long", "{status}");
        assert!(!status.to_string().contains("Secret"), "{status}");

        let mended = poison(&instant(5, 9));
        match number {
            None => drop(scene.google.sim.put_event(ADA, Some("poison0001"), &mended).map_err(by_hand)?),
            Some(number) => {
                scene.microsoft.sim.with(|world| world.change_event(number, &mended)).map_err(by_hand)?;
            }
        }
        let with_mended = match at {
            At::Google => [1, 4, 3, 4],
            At::Microsoft => [3, 4, 1, 4],
        };
        scene.settles(with_mended).await?;
        assert_eq!(wedges(&scene.app.json(&["status"]).await?).len(), 0, "nobody complains any more");
    }
    Ok(())
}
