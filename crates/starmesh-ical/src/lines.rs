//! The content lines of an iCalendar text (RFC 5545, section 3.1), as far as calcard hides them: rules are
//! wanted as written, and a text cut short must not pass for a whole one.

/// The outline of a text.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Outline {
    /// The VEVENTs, in the order of their BEGIN lines.
    pub(crate) events: Vec<EventRules>,
    /// True when at least one component stands there and each that begins ends.
    pub(crate) is_whole: bool,
}

/// The rules of one VEVENT, as written.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct EventRules {
    pub(crate) rules: Vec<String>,
    pub(crate) exclusion_rules: Vec<String>,
}

/// Reads the outline of `text`.
pub(crate) fn outline(text: &str) -> Outline {
    let mut outline = Outline::default();
    let mut open: Vec<String> = Vec::new();
    let mut is_balanced = true;
    let mut has_component = false;
    for line in unfold(text) {
        let Some((name, value)) = split(&line) else { continue };
        match name.to_ascii_uppercase().as_str() {
            "BEGIN" => {
                let component = value.trim().to_ascii_uppercase();
                if component == "VEVENT" {
                    outline.events.push(EventRules::default());
                }
                open.push(component);
                has_component = true;
            }
            "END" => is_balanced &= open.pop().is_some_and(|begun| begun.eq_ignore_ascii_case(value.trim())),
            "RRULE" => push_rule(&mut outline, &open, value, |rules| &mut rules.rules),
            "EXRULE" => push_rule(&mut outline, &open, value, |rules| &mut rules.exclusion_rules),
            _ => {}
        }
    }
    outline.is_whole = has_component && is_balanced && open.is_empty();
    outline
}

fn push_rule(
    outline: &mut Outline,
    open: &[String],
    value: &str,
    list: impl FnOnce(&mut EventRules) -> &mut Vec<String>,
) {
    let in_event = open.last().is_some_and(|component| component == "VEVENT");
    if let Some(event) = outline.events.last_mut().filter(|_| in_event) {
        list(event).push(value.trim().to_owned());
    }
}

/// The lines of `text`, each with its continuations. Both CRLF and lone LF end a line.
pub(crate) fn unfold(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// Name and value of a line; parameters, quoted colons included, are left out.
pub(crate) fn split(line: &str) -> Option<(&str, &str)> {
    let name_end = line.find([':', ';'])?;
    let mut in_quotes = false;
    let value_start = line.char_indices().find_map(|(at, c)| {
        in_quotes ^= c == '"';
        (c == ':' && !in_quotes).then_some(at + 1)
    })?;
    Some((line[..name_end].trim(), &line[value_start..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_kept_as_written_for_each_event() {
        let outline = outline(
            "\u{feff}begin:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:DAYLIGHT\nRRULE:FREQ=YEARLY\nEND:DAYLIGHT\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\r\nRRULE;X-A=\"b:c\":FREQ=DAILY;INTER\r\n VAL=70000\r\nEXRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\n\
             BEGIN:VEVENT\nBEGIN:VALARM\nRRULE:FREQ=HOURLY\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
        );
        assert!(outline.is_whole);
        assert_eq!(outline.events.len(), 2);
        assert_eq!(outline.events[0].rules, ["FREQ=DAILY;INTERVAL=70000"]);
        assert_eq!(outline.events[0].exclusion_rules, ["FREQ=WEEKLY"]);
        assert_eq!(outline.events[1], EventRules::default());
    }

    #[test]
    fn a_cut_text_is_not_whole() {
        for cut in [
            "",
            "hello",
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n",
            "BEGIN:VCALENDAR\nEND:VEVENT\n",
            "BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n",
        ] {
            assert!(!outline(cut).is_whole, "{cut:?}");
        }
    }
}
