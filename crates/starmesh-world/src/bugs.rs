//! Bugs planted on purpose.

use starmesh_core::planted::Bug;

/// The bug that is planted on this thread.
pub fn planted() -> Option<Bug> {
    Bug::ALL.into_iter().find(|bug| starmesh_core::planted::planted(*bug))
}

/// Plants `bug` on this thread while `act` runs. Without the feature `planted-bugs` nothing is planted.
#[cfg(feature = "planted-bugs")]
pub fn with<T>(bug: Option<Bug>, act: impl FnOnce() -> T) -> T {
    let before = planted();
    starmesh_core::planted::plant(bug);
    let answer = act();
    starmesh_core::planted::plant(before);
    answer
}

/// Plants `bug` on this thread while `act` runs. Without the feature `planted-bugs` nothing is planted.
#[cfg(not(feature = "planted-bugs"))]
pub fn with<T>(_bug: Option<Bug>, act: impl FnOnce() -> T) -> T {
    act()
}

/// Runs `act` free of planted bugs: what the oracle derives must be right.
pub fn without<T>(act: impl FnOnce() -> T) -> T {
    with(None, act)
}
