//! The palettes.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Answer, Turn};
use super::scope::{self, Need};
use crate::web::Reply;

/// Backgrounds of calendars, by number from 1.
const CALENDARS: [&str; 24] = [
    "#ac725e", "#d06b64", "#f83a22", "#fa573c", "#ff7537", "#ffad46", "#42d692", "#16a765", "#7bd148",
    "#b3dc6c", "#fbe983", "#fad165", "#92e1c0", "#9fe1e7", "#9fc6e7", "#4986e7", "#9a9cff", "#b99aff",
    "#c2c2c2", "#cabdbf", "#cca6ac", "#f691b2", "#cd74e6", "#a47ae2",
];
/// Backgrounds of events, by number from 1.
const EVENTS: [&str; 11] = [
    "#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878", "#46d6db", "#e1e1e1", "#5484ed",
    "#51b749", "#dc2127",
];
/// The one foreground.
const FOREGROUND: &str = "#1d1d1d";

/// Background and foreground of a calendar's colour.
pub(super) fn calendar_color(number: u32) -> Option<(&'static str, &'static str)> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    CALENDARS.get(at).map(|background| (*background, FOREGROUND))
}

/// GET colors
pub(super) fn get(turn: &mut Turn<'_>) -> Answer {
    scope::check(turn.access, Need::Colors, None)?;
    let palette = |colors: &[&str]| -> Map<String, Value> {
        let numbered = colors.iter().enumerate();
        numbered
            .map(|(at, color)| {
                ((at + 1).to_string(), json!({ "background": color, "foreground": FOREGROUND }))
            })
            .collect()
    };
    let body = json!({
        "kind": "calendar#colors",
        "updated": "2012-02-14T00:00:00.000Z",
        "calendar": palette(&CALENDARS),
        "event": palette(&EVENTS),
    });
    Ok(Reply::json(StatusCode::OK, body))
}
