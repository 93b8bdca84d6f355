//! Answers that are lost after their requests were carried out.

use starmesh_sim::google::{self, Scripted};
use starmesh_sim::microsoft::{self, FaultRule};
use starmesh_tests::Outcome;

use crate::{At, Scene};

#[tokio::test]
async fn answers_lost_after_the_write_was_stored_double_nothing() -> Outcome<()> {
    for bad in At::ALL {
        let scene = Scene::new().await?;
        match bad {
            At::Google => scene.google.sim.switch(|switches| {
                switches.scripted = vec![Scripted {
                    method: Some("POST".to_owned()),
                    path: "/calendar/v3".to_owned(),
                    after: 0,
                    times: Some(2),
                    fault: google::Fault::CutAfter,
                }];
            }),
            At::Microsoft => scene.microsoft.sim.with(|world| {
                world.faults().add(FaultRule {
                    method: Some("POST".to_owned()),
                    path: Some("/v1.0/".to_owned()),
                    skip: 0,
                    times: 2,
                    fault: microsoft::Fault::LostAnswer,
                });
            }),
        }
        scene.book(bad.other(), 6, 9)?;
        // Whether the first run already finds what it wrote or the next one does is the provider's affair.
        scene.app.run(&["--json", "sync", "--yes"]).await?;
        let wanted = match bad {
            At::Google => [2, 3, 1, 3],
            At::Microsoft => [1, 3, 2, 3],
        };
        scene.settles(wanted).await?;
    }
    Ok(())
}
