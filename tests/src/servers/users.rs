//! The people who have calendars on a test server.

/// A person with a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// The name to sign in with.
    pub name: &'static str,
    /// The password.
    pub password: &'static str,
}

/// The usual owner of everything.
pub const ALICE: User = User { name: "alice", password: "wonderland" };

/// Somebody else.
pub const BOB: User = User { name: "bob", password: "builder" };

/// Her name is a mail address, so that invitations can name her on servers that know no addresses.
pub const CAROL: User = User { name: "carol@example.org", password: "singer" };
