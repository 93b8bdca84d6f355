//! What is printed, and how: text for people, JSON for programs, colour on a terminal alone.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use chrono_tz::Tz;
use serde::Serialize;
use starmesh_app::{AppError, ErrorCode};

/// Which of the two streams take colour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Colour {
    /// Standard output.
    pub(crate) answers: bool,
    /// Standard error.
    pub(crate) errors: bool,
}

/// Where answers go.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    /// True when answers are JSON.
    pub(crate) json: bool,
    /// The zone in which times are shown.
    pub(crate) zone: Tz,
    /// Where colour is taken.
    pub(crate) colour: Colour,
    /// True when standard error is a terminal that may show progress.
    pub(crate) progress: bool,
}

impl Output {
    /// Prints an answer: `value` for programs, `text` for people.
    pub(crate) fn answer(
        &self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), AppError> {
        if self.json {
            let json = serde_json::to_string_pretty(value).map_err(|error| {
                AppError::new(ErrorCode::Internal, format!("cannot answer in JSON: {error}"))
            })?;
            self.line(&json)
        } else {
            let text = text();
            if text.is_empty() { Ok(()) } else { self.line(text.trim_end()) }
        }
    }

    /// Prints one line, or several, at once.
    #[expect(clippy::unused_self, reason = "printing goes through the output, wherever that leads one day")]
    pub(crate) fn line(&self, text: &str) -> Result<(), AppError> {
        let mut out = io::stdout().lock();
        match writeln!(out, "{text}").and_then(|()| out.flush()) {
            // The reader has seen enough (`| head`): that is no failure.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => {
                Err(AppError::new(ErrorCode::FileFailed, format!("could not write the answer: {error}")))
            }
            Ok(()) => Ok(()),
        }
    }

    /// Says something beside the answer.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            self.complain("note", AnsiColor::Cyan, text);
        }
    }

    /// Says what nobody may overlook, beside the answer: `value` for programs, `text` for people.
    pub(crate) fn warning(&self, value: &impl Serialize, text: &str) {
        match serde_json::to_string(value) {
            Ok(json) if self.json => say(&json),
            _ => self.complain("warning", AnsiColor::Yellow, text),
        }
    }

    /// Says what went wrong.
    pub(crate) fn failure(&self, error: &AppError) {
        if self.json {
            let json = serde_json::json!({ "error": error });
            say(&json.to_string());
            return;
        }
        self.complain("error", AnsiColor::Red, &error.message);
        if let Some(hint) = &error.hint {
            self.complain("hint", AnsiColor::Cyan, hint);
        }
    }

    fn complain(&self, word: &str, colour: AnsiColor, text: &str) {
        if self.colour.errors {
            let style = Style::new().bold().fg_color(Some(colour.into()));
            say(&format!("{style}{word}:{style:#} {text}"));
        } else {
            say(&format!("{word}: {text}"));
        }
    }
}

/// One line on standard error. Where even that cannot be written there is nobody left to tell.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
