//! iCalendar text (RFC 5545) as the simulator itself reads and writes it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// The longest line in octets, without its end (section 3.1).
const LINE_OCTETS_MAX: usize = 75;
/// How deep components may nest; real ones nest three deep.
const DEPTH_MAX: usize = 8;

/// A component with its properties and the components inside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
    pub(super) parts: Vec<Component>,
}

/// A property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// In upper case.
    pub(super) name: String,
    /// Names in upper case, values without quotes.
    pub(super) parameters: Vec<(String, String)>,
    /// As written: escapes stand.
    pub(super) value: String,
}

impl Component {
    /// The one VCALENDAR in `text`; `None` when it is no such thing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let unfolded =
            text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
        let mut open: Vec<Self> = Vec::new();
        let mut whole = None;
        for text in unfolded.lines().filter(|line| !line.trim().is_empty()) {
            let line = Line::parse(text)?;
            match line.name.as_str() {
                "BEGIN" if whole.is_none() && open.len() < DEPTH_MAX => {
                    let name = line.value.trim().to_ascii_uppercase();
                    open.push(Self { name, lines: Vec::new(), parts: Vec::new() });
                }
                "END" => {
                    let closed = open.pop()?;
                    if !closed.name.eq_ignore_ascii_case(line.value.trim()) {
                        return None;
                    }
                    match open.last_mut() {
                        Some(parent) => parent.parts.push(closed),
                        None => whole = Some(closed),
                    }
                }
                "BEGIN" => return None,
                _ => open.last_mut()?.lines.push(line),
            }
        }
        whole.filter(|whole| open.is_empty() && whole.name == "VCALENDAR")
    }

    /// As text, folded.
    pub(super) fn print(&self) -> String {
        let mut text = String::new();
        self.print_into(&mut text);
        text
    }

    fn print_into(&self, text: &mut String) {
        fold_into(text, &format!("BEGIN:{}", self.name));
        for line in &self.lines {
            fold_into(text, &line.print());
        }
        self.parts.iter().for_each(|part| part.print_into(text));
        fold_into(text, &format!("END:{}", self.name));
    }

    /// The first property of that name.
    pub(super) fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// Its value, trimmed, unless it is empty.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.line(name).map(|line| line.value.trim()).filter(|value| !value.is_empty())
    }

    /// All properties of that name.
    pub(super) fn lines_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.name == name)
    }

    /// What a calendar object is made of, time zones aside.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Self> {
        self.parts.iter().filter(|part| part.name != "VTIMEZONE")
    }

    /// The entries as JSON: of each property its value and parameters, of each alarm that it is there.
    pub(super) fn facts(&self) -> Value {
        self.entries().map(Self::entry_facts).collect()
    }

    fn entry_facts(&self) -> Value {
        let mut facts = Map::new();
        for line in &self.lines {
            let mut fact = json!({ "value": line.value });
            if !line.parameters.is_empty() {
                fact["parameters"] =
                    line.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            }
            let list = facts.entry(line.name.clone()).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(fact);
            }
        }
        json!({ "component": self.name, "properties": facts, "alarms": self.parts.len() })
    }
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let head_end = text.find([';', ':'])?;
        let name = text[..head_end].trim().to_ascii_uppercase();
        let mut parameters = Vec::new();
        let mut rest = &text[head_end..];
        while let Some(parameter) = rest.strip_prefix(';') {
            let (key, after) = parameter.split_once('=')?;
            let end = end_of_value(after)?;
            parameters.push((key.trim().to_ascii_uppercase(), after[..end].replace('"', "")));
            rest = &after[end..];
        }
        let value = rest.strip_prefix(':')?.to_owned();
        (!name.is_empty()).then_some(Self { name, parameters, value })
    }

    fn print(&self) -> String {
        let mut text = self.name.clone();
        for (name, value) in &self.parameters {
            let quoted = value.contains([';', ':', ',']);
            let quote = if quoted { "\"" } else { "" };
            // Writing into a string cannot fail.
            let _written = write!(text, ";{name}={quote}{value}{quote}");
        }
        text.push(':');
        text.push_str(&self.value);
        text
    }

    /// The value of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The address of a calendar user, in lower case.
    pub(super) fn address(&self) -> String {
        let value = self.value.trim().to_ascii_lowercase();
        value.strip_prefix("mailto:").unwrap_or(&value).to_owned()
    }
}

/// Where the value of a parameter ends: at a semicolon or colon outside quotes.
fn end_of_value(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, character)| {
        quoted ^= character == '"';
        (!quoted && matches!(character, ';' | ':')).then_some(at)
    })
}

/// Appends a line with its end, folded without tearing a character apart.
fn fold_into(text: &mut String, line: &str) {
    let mut octets = 0;
    for character in line.chars() {
        if octets + character.len_utf8() > LINE_OCTETS_MAX {
            text.push_str("\r\n ");
            octets = 1;
        }
        text.push(character);
        octets += character.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                        ATTENDEE;CN=\"Bob: the builder; etc\";PARTSTAT=ACCEPTED:MAILTO:Bob@Example.test\r\n\
                        SUMMARY:A long ti\r\n tle\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\n\
                        END:VCALENDAR\r\n";

    #[test]
    fn text_is_unfolded_and_quotes_are_respected() {
        let object = Component::parse(TEXT).unwrap();
        let event = object.entries().next().unwrap();
        assert_eq!(event.value("SUMMARY"), Some("A long title"));
        let attendee = event.line("ATTENDEE").unwrap();
        assert_eq!(attendee.parameter("CN"), Some("Bob: the builder; etc"));
        assert_eq!(
            (attendee.parameter("PARTSTAT"), attendee.address()),
            (Some("ACCEPTED"), "bob@example.test".into())
        );
        assert_eq!(event.parts.len(), 1);
        assert_eq!(object.facts()[0]["properties"]["UID"][0]["value"], "1");
        assert_eq!(object.facts()[0]["alarms"], 1);
    }

    #[test]
    fn what_is_printed_reads_back_equal_in_lines_of_75_octets() {
        let mut object = Component::parse(TEXT).unwrap();
        object.parts[0].lines[2].value = "Ä".repeat(100);
        let printed = object.print();
        assert!(printed.lines().all(|line| line.len() <= LINE_OCTETS_MAX), "{printed}");
        assert_eq!(Component::parse(&printed), Some(object));
    }

    #[test]
    fn what_is_no_calendar_is_none() {
        for text in
            ["", "<html>", "BEGIN:VCALENDAR", "BEGIN:VEVENT\nEND:VEVENT", "BEGIN:VCALENDAR\nEND:VEVENT"]
        {
            assert_eq!(Component::parse(text), None, "{text}");
        }
    }
}
