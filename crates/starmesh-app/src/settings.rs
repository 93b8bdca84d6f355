//! What can be set.

use chrono_tz::Tz;
use starmesh_core::mirror::Label;
use starmesh_core::time::Window;
use starmesh_store::state::{Changes, Deed, Settings};

use crate::dto::{SettingDto, SettingsDto};
use crate::error::{Action, AppError, ErrorCode, Result};
use crate::open::Starmesh;

/// The word that takes a setting away.
const NONE: &str = "none";

/// A thing that can be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    Window,
    PollInterval,
    Zone,
    Label,
    PairLimit,
}

impl Key {
    const ALL: [Self; 5] = [Self::Window, Self::PollInterval, Self::Zone, Self::Label, Self::PairLimit];

    fn name(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::PollInterval => "poll_interval",
            Self::Zone => "zone",
            Self::Label => "label",
            Self::PairLimit => "pair_limit",
        }
    }

    fn meaning(self) -> String {
        match self {
            Self::Window => format!(
                "days ahead in which busy blocks are placed ({} to {})",
                Window::DAYS_MIN,
                Window::DAYS_MAX
            ),
            Self::PollInterval => format!(
                "seconds between two looks at a calendar ({} to {})",
                Settings::POLL_INTERVAL_S_MIN,
                Settings::POLL_INTERVAL_S_MAX
            ),
            Self::Zone => {
                "IANA zone for times without a zone, for calendars added from now on, or none".to_owned()
            }
            Self::Label => format!("what busy blocks are called (at most {} characters)", Label::LEN_MAX),
            Self::PairLimit => "how many pairs there may be, or none".to_owned(),
        }
    }

    fn parse(name: &str) -> Result<Self> {
        let wanted = name.replace('-', "_");
        Self::ALL.into_iter().find(|key| key.name() == wanted).ok_or_else(|| {
            let candidates: Vec<String> = Self::ALL.iter().map(|key| key.name().to_owned()).collect();
            AppError::new(ErrorCode::UnknownName, format!("there is no setting “{name}”"))
                .hint(format!("there is: {}", candidates.join(", ")))
                .action(Action::Choose { candidates })
        })
    }

    fn value(self, settings: &Settings) -> Option<String> {
        match self {
            Self::Window => Some(settings.window_days.to_string()),
            Self::PollInterval => Some(settings.poll_interval_s.to_string()),
            Self::Zone => settings.zone.clone(),
            Self::Label => Some(settings.label.as_str().to_owned()),
            Self::PairLimit => settings.pair_limit.map(|limit| limit.to_string()),
        }
    }

    /// `settings` with it set; `None` when the text is no value of its kind.
    fn set(self, settings: &Settings, text: &str) -> Result<Option<Settings>> {
        let mut changed = settings.clone();
        let none = text == NONE;
        match self {
            Self::Window => match text.strip_suffix('d').unwrap_or(text).parse() {
                Ok(days) => changed.window_days = days,
                Err(_) => return Ok(None),
            },
            Self::PollInterval => match parse_seconds(text) {
                Some(seconds) => changed.poll_interval_s = seconds,
                None => return Ok(None),
            },
            Self::Zone if none => changed.zone = None,
            Self::Zone => match text.parse::<Tz>() {
                Ok(zone) => changed.zone = Some(zone.name().to_owned()),
                Err(_) => return Ok(None),
            },
            Self::Label => {
                changed.label =
                    Label::new(text).map_err(|problem| invalid(self, text, &problem.to_string()))?;
            }
            Self::PairLimit if none => changed.pair_limit = None,
            Self::PairLimit => match text.parse() {
                Ok(limit) => changed.pair_limit = Some(limit),
                Err(_) => return Ok(None),
            },
        }
        Ok(Some(changed))
    }

    fn dto(self, settings: &Settings) -> SettingDto {
        SettingDto {
            key: self.name().to_owned(),
            value: self.value(settings),
            default: self.value(&Settings::default()),
            meaning: self.meaning(),
        }
    }
}

/// What differs between two lots of settings: each by its name, with both values.
pub(crate) fn changed(from: &Settings, to: &Settings) -> Vec<(&'static str, Option<String>, Option<String>)> {
    let both = Key::ALL.iter().map(|key| (key.name(), key.value(from), key.value(to)));
    both.filter(|(_, from, to)| from != to).collect()
}

/// `90`, `90s`, `5m` or `1h`.
fn parse_seconds(text: &str) -> Option<u32> {
    let (number, unit) = match text.chars().last()? {
        's' => (&text[..text.len() - 1], 1),
        'm' => (&text[..text.len() - 1], 60),
        'h' => (&text[..text.len() - 1], 3_600),
        _ => (text, 1),
    };
    number.parse::<u32>().ok()?.checked_mul(unit)
}

fn invalid(key: Key, text: &str, why: &str) -> AppError {
    AppError::new(ErrorCode::InvalidValue, format!("“{text}” is no value for {}: {why}", key.name()))
        .hint(format!("{} means {}", key.name(), key.meaning()))
}

/// `settings` with one value set, checked against its bounds.
fn with(settings: &Settings, name: &str, text: &str) -> Result<Settings> {
    let key = Key::parse(name)?;
    let changed = key.set(settings, text)?.ok_or_else(|| invalid(key, text, "it cannot be read"))?;
    changed.check().map_err(|problem| invalid(key, text, &problem.to_string()))?;
    Ok(changed)
}

impl Starmesh {
    /// Everything that can be set.
    pub async fn settings(&self) -> Result<SettingsDto> {
        let settings = self.state.settings().await?;
        Ok(SettingsDto { settings: Key::ALL.iter().map(|key| key.dto(&settings)).collect() })
    }

    /// One setting.
    pub async fn setting(&self, name: &str) -> Result<SettingDto> {
        let key = Key::parse(name)?;
        Ok(key.dto(&self.state.settings().await?))
    }

    /// Sets one value. A new label or window takes effect with the next pass; a narrower window removes
    /// nothing before a plan that shows it was approved.
    pub async fn set(&self, name: &str, text: &str) -> Result<SettingDto> {
        let turn = self.folder.turn()?;
        let settings = with(&self.state.settings().await?, name, text)?;
        let mut changes = Changes::new();
        changes.put_settings(&settings);
        self.commit_deed(Deed::SettingSet, changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        Ok(Key::parse(name)?.dto(&settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_people_write_them() {
        let settings = Settings::default();
        assert_eq!(with(&settings, "window", "90d").unwrap().window_days, 90);
        assert_eq!(with(&settings, "poll-interval", "5m").unwrap().poll_interval_s, 300);
        assert_eq!(with(&settings, "poll_interval", "5").unwrap().poll_interval_s, 5);
        let zoned = with(&settings, "zone", "Europe/Berlin").unwrap();
        assert_eq!(zoned.zone.as_deref(), Some("Europe/Berlin"));
        assert_eq!(with(&zoned, "zone", "none").unwrap().zone, None);
        assert_eq!(with(&settings, "label", " Taken ").unwrap().label.as_str(), "Taken");
        let limited = with(&settings, "pair-limit", "3").unwrap();
        assert_eq!(limited.pair_limit, Some(3));
        assert_eq!(with(&limited, "pair_limit", "none").unwrap().pair_limit, None);
    }

    #[test]
    fn a_value_outside_its_bounds_is_refused_with_the_bounds() {
        let rows = [
            ("window", "29"),
            ("window", "731"),
            ("window", "soon"),
            ("window", "-1"),
            ("poll_interval", "4"),
            ("poll_interval", "2d"),
            ("poll_interval", "100000h"),
            ("zone", "Mars/Base"),
            ("label", "  "),
            ("label", "two\nlines"),
            ("pair_limit", "0"),
            ("pair_limit", "many"),
        ];
        for (key, text) in rows {
            let error = with(&Settings::default(), key, text).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidValue, "{key} {text}");
            assert!(error.hint.is_some(), "{key} {text}");
        }
        assert_eq!(with(&Settings::default(), "colour", "red").unwrap_err().code, ErrorCode::UnknownName);
    }
}
