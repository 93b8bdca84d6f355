//! Progress bars on a terminal: count, rate and time left. Elsewhere silence.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use starmesh_app::dto::{CalendarRef, RunEvent};

use crate::output::Output;

/// How often the picture of a bar without a known end moves on.
const TICK: Duration = Duration::from_millis(120);

/// Bars, one for each calendar that is being read or written.
pub(crate) struct Progress {
    bars: Option<MultiProgress>,
    open: Mutex<HashMap<(Work, String), ProgressBar>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    Reading,
    Writing,
}

impl Progress {
    /// Bars where they can be seen.
    pub(crate) fn new(out: &Output) -> Self {
        Self { bars: out.progress.then(MultiProgress::new), open: Mutex::default() }
    }

    /// Shows an event.
    pub(crate) fn hear(&self, event: &RunEvent) {
        let Some(bars) = &self.bars else { return };
        match event {
            RunEvent::PullStarted { calendar } => {
                self.bar(bars, Work::Reading, calendar, None);
            }
            RunEvent::PullProgress { calendar, items } => {
                let bar = self.bar(bars, Work::Reading, calendar, None);
                bar.set_message(calendar.name.clone());
                bar.set_position(*items);
            }
            RunEvent::PullWaits { calendar, seconds } => {
                let name = &calendar.name;
                self.bar(bars, Work::Reading, calendar, None)
                    .set_message(format!("{name} (asked to slow down, goes on in {seconds} s)"));
            }
            RunEvent::Pulled { calendar, .. } | RunEvent::PullFailed { calendar, .. } => {
                self.end(Work::Reading, calendar);
            }
            RunEvent::PlaceProgress { calendar, done, total } => {
                self.bar(bars, Work::Writing, calendar, Some(*total)).set_position(*done);
                if done >= total {
                    self.end(Work::Writing, calendar);
                }
            }
            _ => {}
        }
    }

    /// Takes every bar away.
    pub(crate) fn clear(&self) {
        for (_, bar) in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            bar.finish_and_clear();
        }
    }

    fn bar(
        &self,
        bars: &MultiProgress,
        work: Work,
        calendar: &CalendarRef,
        total: Option<u64>,
    ) -> ProgressBar {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.entry((work, calendar.id.clone()))
            .or_insert_with(|| {
                let (bar, template) = match total {
                    Some(total) => (
                        ProgressBar::new(total),
                        "writing {msg} {bar:24} {pos}/{len} ({per_sec}, {eta} left)",
                    ),
                    None => (ProgressBar::new_spinner(), "reading {msg} {spinner} {pos} items ({per_sec})"),
                };
                let bar = bars.add(bar).with_message(calendar.name.clone());
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(TICK);
                bar
            })
            .clone()
    }

    fn end(&self, work: Work, calendar: &CalendarRef) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = open.remove(&(work, calendar.id.clone())) {
            bar.finish_and_clear();
        }
    }
}
