//! The main job on real servers with the real program: each test is a person with calendars, and what the
//! program did is read from the server itself.

mod brake;
mod daemon;
mod devices;
mod groups;
mod hands;
mod kinds;
mod removal;
mod secrecy;

use starmesh_tests::servers::{Kind, Rights};

/// Radicale, where everybody signs in.
const RADICALE: Kind = Kind::Radicale(Rights::Owner);

/// Makes a test on each server of every function named, which takes the server's kind.
macro_rules! on_both_servers {
    ($($name:ident),+ $(,)?) => {
        mod radicale {
            $(#[tokio::test]
            async fn $name() -> starmesh_tests::Outcome<()> {
                super::$name(crate::RADICALE).await
            })+
        }

        mod xandikos {
            $(#[tokio::test]
            async fn $name() -> starmesh_tests::Outcome<()> {
                super::$name(starmesh_tests::servers::Kind::Xandikos).await
            })+
        }
    };
}

use on_both_servers;
