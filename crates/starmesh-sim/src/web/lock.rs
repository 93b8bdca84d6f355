//! Locks of shared state.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`. A test that panicked while it held the lock has said so already, and the state is whole
/// between any two statements, so a poisoned lock is taken as it is.
pub fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
