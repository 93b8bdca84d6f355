//! The main job with the real program, on real CalDAV servers, on simulated Google and Microsoft, and over all
//! three at once: each test is a person with calendars, and what the program did is read from the service
//! itself.

mod brake;
mod canaries;
mod colors;
mod daemon;
mod damage;
mod days;
mod devices;
mod feeds;
mod groups;
mod hands;
mod kinds;
mod pauses;
mod policies;
mod removal;
mod secrecy;
mod sweeps;
mod undo;
mod why;

/// Makes a test on each ground named of every function named, which takes the ground.
macro_rules! on_grounds {
    // Nested repetitions cannot cross two lists, so each ground takes the whole list of functions.
    ($($ground:ident),+ : $($name:ident),+ $(,)?) => {
        crate::on_grounds!(@each [$($ground)+] ($($name)+));
    };
    (@each [] ($($name:ident)+)) => {};
    (@each [$ground:ident $($rest:ident)*] ($($name:ident)+)) => {
        mod $ground {
            $(#[tokio::test]
            async fn $name() -> starmesh_tests::Outcome<()> {
                super::$name(crate::ground::$ground()).await
            })+
        }
        crate::on_grounds!(@each [$($rest)*] ($($name)+));
    };
}

/// The same on every ground: for what the services could each take differently.
macro_rules! on_every_ground {
    ($($name:ident),+ $(,)?) => {
        crate::on_grounds!(radicale, xandikos, cyrus, sabre, google, microsoft, mixed: $($name),+);
    };
}

use {on_every_ground, on_grounds};

/// The grounds by the names of their tests' modules.
mod ground {
    use starmesh_tests::ground::Ground;

    pub(crate) fn radicale() -> Ground {
        Ground::RADICALE
    }

    pub(crate) fn xandikos() -> Ground {
        Ground::XANDIKOS
    }

    pub(crate) fn cyrus() -> Ground {
        Ground::CYRUS
    }

    pub(crate) fn sabre() -> Ground {
        Ground::SABRE
    }

    pub(crate) fn google() -> Ground {
        Ground::Google
    }

    pub(crate) fn microsoft() -> Ground {
        Ground::MICROSOFT
    }

    /// A mailbox at Outlook.com.
    pub(crate) fn personal() -> Ground {
        Ground::PERSONAL
    }

    pub(crate) fn mixed() -> Ground {
        Ground::Mixed
    }
}
