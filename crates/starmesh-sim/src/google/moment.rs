//! Times as the API writes them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use starmesh_core::zone::Zone;

use super::problem::Problem;

/// `EventDateTime`: a day, or an instant with the zone it was written in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    Day(NaiveDate),
    At { instant: DateTime<Utc>, zone: Option<String> },
}

impl Moment {
    /// Reads `start` or `end`. A time has an offset, or a zone, or both.
    pub(super) fn parse(value: &Value, name: &str) -> Result<Self, Problem> {
        let text = |field: &str| value.get(field).filter(|it| !it.is_null()).map(Value::as_str);
        let invalid = || Problem::invalid(&format!("Invalid {name} time."));
        match (text("date"), text("dateTime")) {
            (Some(Some(date)), None) => {
                NaiveDate::parse_from_str(date, "%Y-%m-%d").map(Self::Day).map_err(|_| invalid())
            }
            (None, Some(Some(time))) => {
                let named = match text("timeZone") {
                    None => None,
                    Some(Some(named)) if known(named).is_some() => Some(named.to_owned()),
                    Some(_) => {
                        let message = format!("Invalid time zone definition for {name} time.");
                        return Err(Problem::invalid(&message));
                    }
                };
                if let Ok(instant) = DateTime::parse_from_rfc3339(time) {
                    return Ok(Self::At { instant: whole_second(instant.to_utc()), zone: named });
                }
                let local =
                    NaiveDateTime::parse_from_str(time, "%Y-%m-%dT%H:%M:%S%.f").map_err(|_| invalid())?;
                let wall = named.as_deref().and_then(known).ok_or_else(|| {
                    Problem::required(&format!("Missing time zone definition for {name} time."))
                })?;
                Ok(Self::At { instant: whole_second(wall.to_utc(local, &Zone::Utc)), zone: named })
            }
            (None, None) => Err(Problem::required(&format!("Missing {name} time."))),
            _ => Err(invalid()),
        }
    }

    /// The first instant; a day begins at midnight in `zone`.
    pub(super) fn instant(&self, zone: &Zone) -> DateTime<Utc> {
        match self {
            Self::Day(day) => zone.to_utc(day.and_time(chrono::NaiveTime::MIN), &Zone::Utc),
            Self::At { instant, .. } => *instant,
        }
    }

    pub(super) fn is_day(&self) -> bool {
        matches!(self, Self::Day(_))
    }

    pub(super) fn zone(&self) -> Option<&str> {
        match self {
            Self::Day(_) => None,
            Self::At { zone, .. } => zone.as_deref(),
        }
    }

    /// As written to a client whose answers are rendered in `shown`; `zone` stands in for a missing one.
    pub(super) fn render(&self, shown: &str, zone: &str) -> Value {
        match self {
            Self::Day(day) => json!({ "date": day.to_string() }),
            Self::At { instant, zone: named } => json!({
                "dateTime": rfc3339(*instant, shown),
                "timeZone": named.as_deref().unwrap_or(zone),
            }),
        }
    }

    /// The end of an instance's id: `20261201T100000Z`, or `20261201` for a day.
    pub(super) fn suffix(&self) -> String {
        match self {
            Self::Day(day) => day.format("%Y%m%d").to_string(),
            Self::At { instant, .. } => instant.format("%Y%m%dT%H%M%SZ").to_string(),
        }
    }
}

/// The zone of the IANA database that `name` names.
pub(super) fn known(name: &str) -> Option<Zone> {
    match name {
        "UTC" | "Etc/UTC" | "GMT" => Some(Zone::Utc),
        _ => name.parse().ok().map(Zone::Named),
    }
}

/// `instant` with the offset that `zone` has then.
pub(super) fn rfc3339(instant: DateTime<Utc>, zone: &str) -> String {
    match zone.parse::<chrono_tz::Tz>() {
        Ok(zone) => instant.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true),
        Err(_) => instant.to_rfc3339_opts(SecondsFormat::Secs, true),
    }
}

/// `created`, `updated` and their like: UTC with milliseconds.
pub(super) fn stamp(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(super) fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.timestamp(), 0).unwrap_or(instant)
}
