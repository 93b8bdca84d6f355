//! A mirror as JSON: time, availability, a label and the mark, and nothing that could reach a person.

use serde_json::{Value, json};
use starmesh_core::mirror::{MirrorAvailability, MirrorSpec};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::time::EventTime;

use crate::color::color_id;
use crate::convert::rfc3339;
use crate::privacy::Privacy;

/// The value of the property `syncfbShow` on a mirror that shows somebody away. Google's own event type for
/// that would decline meetings by itself.
pub(crate) const SHOW_OUT_OF_OFFICE: &str = "outOfOffice";

/// What a listing is filtered by to give mirrors only.
pub(crate) const MIRRORS_ONLY: &str = "syncfb=1";

/// The body of an update, which replaces all there is. `status` is said out loud since it brings a deleted
/// event back, and reminders since leaving them out means the calendar's own.
pub(crate) fn print_mirror(mirror: &MirrorSpec, privacy: Privacy) -> Value {
    let body = mirror.body();
    let (start, end) = times(&body.time);
    let status = match body.availability {
        MirrorAvailability::Tentative => "tentative",
        MirrorAvailability::Busy | MirrorAvailability::OutOfOffice => "confirmed",
    };
    let mut private = json!({"syncfb": "1", "syncfbMark": mirror.mark().to_string()});
    if body.availability == MirrorAvailability::OutOfOffice {
        private["syncfbShow"] = SHOW_OUT_OF_OFFICE.into();
    }
    let mut printed = json!({
        "summary": body.label.as_str(),
        "start": start,
        "end": end,
        "status": status,
        "visibility": if planted(Bug::GoogleShowsMirrors) { "default" } else { privacy.visibility() },
        "transparency": "opaque",
        "reminders": {"useDefault": false, "overrides": []},
        "extendedProperties": {"private": private},
    });
    if let Some(color) = body.color {
        printed["colorId"] = color_id(color).into();
    }
    printed
}

/// The body of a create, which chooses the id.
pub(crate) fn print_new_mirror(mirror: &MirrorSpec, privacy: Privacy) -> Value {
    let mut body = print_mirror(mirror, privacy);
    body["id"] = mirror.provider_id().as_str().into();
    body
}

fn times(time: &EventTime) -> (Value, Value) {
    match *time {
        EventTime::Timed { start, end } => {
            (json!({"dateTime": rfc3339(start)}), json!({"dateTime": rfc3339(end)}))
        }
        EventTime::AllDay { start, end } if planted(Bug::GoogleZonesWholeDays) => {
            let midnight = |day| json!({"dateTime": rfc3339(starmesh_core::time::midnight(day))});
            (midnight(start), midnight(end))
        }
        EventTime::AllDay { start, end } => {
            (json!({"date": start.to_string()}), json!({"date": end.to_string()}))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{mirror, mirror_of};
    use starmesh_core::mirror::{Label, MirrorBody};

    fn sorted_keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn a_mirror_says_nothing_but_time_availability_label_and_mark() {
        let body = print_new_mirror(&mirror(), Privacy::Private);
        assert_eq!(
            sorted_keys(&body),
            [
                "end",
                "extendedProperties",
                "id",
                "reminders",
                "start",
                "status",
                "summary",
                "transparency",
                "visibility"
            ]
        );
        assert_eq!(body["summary"], "Busy");
        assert_eq!(body["visibility"], "private");
        assert_eq!(body["transparency"], "opaque");
        assert_eq!(body["reminders"], json!({"useDefault": false, "overrides": []}));
        assert_eq!(body["start"], json!({"dateTime": "2026-12-01T10:00:00Z"}));
        assert_eq!(body["end"], json!({"dateTime": "2026-12-01T11:00:00Z"}));
        assert_eq!(body["id"], mirror().provider_id().as_str());
        let private = &body["extendedProperties"]["private"];
        assert_eq!(private, &json!({"syncfb": "1", "syncfbMark": mirror().mark().to_string()}));
        let update = print_mirror(&mirror(), Privacy::Default);
        assert!(update.get("id").is_none(), "an update does not name the id again");
        assert_eq!(update["visibility"], "default");
    }

    #[test]
    fn whole_days_and_the_other_availabilities_are_written() {
        let body = |availability| MirrorBody {
            time: EventTime::AllDay {
                start: "2026-12-01".parse().unwrap(),
                end: "2026-12-03".parse().unwrap(),
            },
            availability,
            label: Label::new("Away \"far\"").unwrap(),
            color: None,
        };
        let tentative = print_mirror(&mirror_of("a", body(MirrorAvailability::Tentative)), Privacy::Private);
        assert_eq!(tentative["status"], "tentative");
        assert_eq!(
            (&tentative["start"], &tentative["end"]),
            (&json!({"date": "2026-12-01"}), &json!({"date": "2026-12-03"}))
        );
        assert_eq!(tentative["summary"], "Away \"far\"");
        let away = print_mirror(&mirror_of("a", body(MirrorAvailability::OutOfOffice)), Privacy::Private);
        assert_eq!(away["status"], "confirmed");
        assert_eq!(away["extendedProperties"]["private"]["syncfbShow"], "outOfOffice");
        assert!(away.get("eventType").is_none(), "the event type would decline meetings");
    }
}
