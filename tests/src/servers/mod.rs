//! Real calendar servers as child processes: data in a temporary folder, a free port on loopback, gone when
//! dropped.

mod process;
mod radicale;
mod xandikos;

pub use process::ServerProcess;

use url::Url;

/// The user of every server.
pub const USER: &str = "alice";

/// The user's password, where the server asks for one.
pub const PASSWORD: &str = "s3cret-of-the-tests";

/// A calendar server that runs as long as this value lives.
pub struct CalendarServer {
    /// What a person types as its address.
    pub url: Url,
    /// The collection that holds the user's calendars.
    pub home: Url,
    /// Which server it is.
    pub kind: ServerKind,
    process: ServerProcess,
}

/// The servers that the suites know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerKind {
    /// Radicale, which takes any name and password.
    Radicale,
    /// Radicale with a file of passwords.
    RadicaleWithPasswords,
    /// Xandikos, which asks for none.
    Xandikos,
}

impl CalendarServer {
    /// Starts a server and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it does not come up: nothing that needs it can be tested.
    pub async fn start(kind: ServerKind) -> Self {
        let (process, home) = match kind {
            ServerKind::Radicale => (radicale::start(radicale::Auth::None).await, format!("/{USER}/")),
            ServerKind::RadicaleWithPasswords => {
                (radicale::start(radicale::Auth::Passwords).await, format!("/{USER}/"))
            }
            ServerKind::Xandikos => (xandikos::start().await, format!("/{USER}/calendars/")),
        };
        let url = process.url();
        let home = url.join(&home).expect("a path of our own");
        Self { url, home, kind, process }
    }

    /// The folder in which it keeps its data.
    pub fn data(&self) -> &std::path::Path {
        self.process.data()
    }
}
