//! The main job with the real program, on real CalDAV servers, on simulated Google and Microsoft, and over all
//! three at once: each test is a person with calendars, and what the program did is read from the service
//! itself.

mod brake;
mod daemon;
mod devices;
mod groups;
mod hands;
mod kinds;
mod removal;
mod secrecy;

/// Makes a test on every ground of every function named, which takes the ground.
macro_rules! on_every_ground {
    ($($name:ident),+ $(,)?) => {
        crate::on_every_ground!(@ground radicale RADICALE: $($name),+);
        crate::on_every_ground!(@ground xandikos XANDIKOS: $($name),+);
        crate::on_every_ground!(@ground google Google: $($name),+);
        crate::on_every_ground!(@ground microsoft MICROSOFT: $($name),+);
        crate::on_every_ground!(@ground mixed Mixed: $($name),+);
    };
    (@ground $module:ident $ground:ident: $($name:ident),+) => {
        mod $module {
            $(#[tokio::test]
            async fn $name() -> starmesh_tests::Outcome<()> {
                super::$name(starmesh_tests::ground::Ground::$ground).await
            })+
        }
    };
}

use on_every_ground;
