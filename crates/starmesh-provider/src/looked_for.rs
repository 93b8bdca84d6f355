//! What links ask of the events of each calendar, as an adapter keeps it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use starmesh_core::policy::Terms;

/// The terms that are looked for, by calendar.
#[derive(Default)]
pub struct LookedFor(Mutex<HashMap<String, Arc<Terms>>>);

impl LookedFor {
    /// From now on these are looked for in `calendar`.
    pub fn set(&self, calendar: &str, terms: &Terms) {
        let mut known = self.known();
        if terms.is_empty() {
            known.remove(calendar);
        } else {
            known.insert(calendar.to_owned(), Arc::new(terms.clone()));
        }
    }

    /// What is looked for in `calendar`; nothing unless somebody asked.
    pub fn of(&self, calendar: &str) -> Arc<Terms> {
        self.known().get(calendar).cloned().unwrap_or_default()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Terms>>> {
        // A map is whole after a panic elsewhere.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
