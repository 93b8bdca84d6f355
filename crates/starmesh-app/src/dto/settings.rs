//! Settings.

use serde::Serialize;

/// Everything that can be set.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SettingsDto {
    /// The settings, in a fixed order.
    pub settings: Vec<SettingDto>,
}

/// One setting.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SettingDto {
    /// Its name.
    pub key: String,
    /// Its value; none when it is not set.
    pub value: Option<String>,
    /// Its value unless set otherwise.
    pub default: Option<String>,
    /// What it means, and which values it takes.
    pub meaning: String,
}
