//! What a person has set.

use serde::{Deserialize, Serialize};
use starmesh_core::mirror::Label;
use starmesh_core::time::Window;

use super::{Changes, Pause, State, key, row};
use crate::{Change, StoreError, Table};

/// Everything that can be set, with its defaults.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct Settings {
    /// How many days ahead mirrors are placed.
    pub window_days: u16,
    /// How many days ahead they were placed when a plan was last approved: a narrower window removes
    /// nothing before the next approval.
    pub window_days_approved: u16,
    /// Seconds between two polls of a calendar.
    pub poll_interval_s: u32,
    /// The zone for floating times of calendars added from now on, an IANA name.
    pub zone: Option<String>,
    /// What mirrors are called.
    pub label: Label,
    /// How many pairs there may be.
    pub pair_limit: Option<u32>,
    /// Set while a person lets everything stand still.
    pub pause: Option<Pause>,
}

impl Settings {
    /// Seconds between two polls unless set otherwise.
    pub const POLL_INTERVAL_S_DEFAULT: u32 = 60;
    /// The shortest time between two polls, in seconds.
    pub const POLL_INTERVAL_S_MIN: u32 = 5;
    /// The longest time between two polls, in seconds: one day.
    pub const POLL_INTERVAL_S_MAX: u32 = 86_400;

    /// Checks every value against its bounds.
    pub fn check(&self) -> Result<(), SettingsProblem> {
        if !(Window::DAYS_MIN..=Window::DAYS_MAX).contains(&self.window_days) {
            return Err(SettingsProblem::Window);
        }
        if !(Self::POLL_INTERVAL_S_MIN..=Self::POLL_INTERVAL_S_MAX).contains(&self.poll_interval_s) {
            return Err(SettingsProblem::PollInterval);
        }
        if self.zone.as_ref().is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
            return Err(SettingsProblem::Zone);
        }
        if self.pair_limit == Some(0) {
            return Err(SettingsProblem::PairLimit);
        }
        Ok(())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window_days: Window::DAYS_DEFAULT,
            window_days_approved: 0,
            poll_interval_s: Self::POLL_INTERVAL_S_DEFAULT,
            zone: None,
            label: Label::default(),
            pair_limit: None,
            pause: None,
        }
    }
}

/// A value outside its bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettingsProblem {
    /// The window.
    #[error("the window is {}–{} days", Window::DAYS_MIN, Window::DAYS_MAX)]
    Window,
    /// The time between polls.
    #[error(
        "the poll interval is {}–{} seconds",
        Settings::POLL_INTERVAL_S_MIN,
        Settings::POLL_INTERVAL_S_MAX
    )]
    PollInterval,
    /// The zone.
    #[error("the zone must be an IANA name such as Europe/Berlin")]
    Zone,
    /// The pair limit.
    #[error("the pair limit is at least 1")]
    PairLimit,
}

const SETTINGS: &str = "settings";

impl Changes {
    /// Writes the settings.
    pub fn put_settings(&mut self, settings: &Settings) {
        self.push(Change::Put(Table::Settings, row(key(&[SETTINGS]), Vec::new(), Vec::new(), 0, settings)));
    }
}

impl State {
    /// The settings; the defaults where nothing was set.
    pub async fn settings(&self) -> Result<Settings, StoreError> {
        Ok(self.get(Table::Settings, &key(&[SETTINGS])).await?.unwrap_or_default())
    }
}
