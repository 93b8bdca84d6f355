//! Accounts that sign in with a browser, end to end: the real program against the simulators.

mod google;
