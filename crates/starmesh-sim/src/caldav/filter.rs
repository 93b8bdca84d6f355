//! The condition of a calendar-query (RFC 4791, section 9.7).

use chrono::{DateTime, NaiveDateTime, Utc};
use roxmltree::Node;

use super::extent;
use super::object::Component;
use super::refusal::Refusal;
use super::xml::{CALDAV, child, children, text};

/// A condition on a component.
pub(super) struct Filter {
    name: String,
    absent: bool,
    range: Option<(DateTime<Utc>, DateTime<Utc>)>,
    properties: Vec<PropertyFilter>,
    parts: Vec<Filter>,
}

struct PropertyFilter {
    name: String,
    absent: bool,
    matches: Option<TextMatch>,
}

struct TextMatch {
    part: String,
    negated: bool,
}

impl Filter {
    /// Reads a `comp-filter`.
    pub(super) fn read(node: Node<'_, '_>) -> Result<Self, Refusal> {
        let name = node.attribute("name").ok_or_else(Refusal::bad_request)?.to_ascii_uppercase();
        let range = child(node, CALDAV, "time-range").map(read_range).transpose()?;
        let properties = children(node, CALDAV, "prop-filter").map(PropertyFilter::read);
        let parts = children(node, CALDAV, "comp-filter").map(Self::read);
        Ok(Self {
            name,
            absent: child(node, CALDAV, "is-not-defined").is_some(),
            range,
            properties: properties.collect::<Result<_, _>>()?,
            parts: parts.collect::<Result<_, _>>()?,
        })
    }

    /// True where a range is asked for at all.
    pub(super) fn has_range(&self) -> bool {
        self.range.is_some() || self.parts.iter().any(Self::has_range)
    }

    /// True where the range stands at the calendar and not at a component in it.
    pub(super) fn has_misplaced_range(&self) -> bool {
        self.name == "VCALENDAR" && self.range.is_some()
    }

    /// True for an object that fulfils the condition; with `first_only` recurrences do not count.
    pub(super) fn passes(&self, object: &Component, first_only: bool) -> bool {
        object.name == self.name && self.holds_for(object, object, first_only)
    }

    fn holds_for(&self, component: &Component, object: &Component, first_only: bool) -> bool {
        let in_range = self.range.is_none_or(|(lo, hi)| extent::happens(object, lo, hi, first_only));
        in_range
            && self.properties.iter().all(|filter| filter.passes(component))
            && self.parts.iter().all(|filter| {
                let mut named = component.parts.iter().filter(|part| part.name == filter.name);
                if filter.absent {
                    named.next().is_none()
                } else {
                    named.any(|part| filter.holds_for(part, object, first_only))
                }
            })
    }
}

impl PropertyFilter {
    fn read(node: Node<'_, '_>) -> Result<Self, Refusal> {
        let name = node.attribute("name").ok_or_else(Refusal::bad_request)?.to_ascii_uppercase();
        let matches = child(node, CALDAV, "text-match").map(|node| TextMatch {
            part: text(node).to_lowercase(),
            negated: node.attribute("negate-condition") == Some("yes"),
        });
        Ok(Self { name, absent: child(node, CALDAV, "is-not-defined").is_some(), matches })
    }

    fn passes(&self, component: &Component) -> bool {
        let mut lines = component.lines_of(&self.name).peekable();
        if self.absent || lines.peek().is_none() {
            return self.absent && lines.peek().is_none();
        }
        self.matches.as_ref().is_none_or(|text| {
            lines.any(|line| line.value.to_lowercase().contains(&text.part)) != text.negated
        })
    }
}

/// A range; an end that is left out is far away.
fn read_range(node: Node<'_, '_>) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let time = |name: &str, far: DateTime<Utc>| match node.attribute(name) {
        None => Ok(far),
        Some(text) => NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ")
            .map(|time| time.and_utc())
            .map_err(|_| Refusal::bad_request()),
    };
    Ok((time("start", extent::EARLIEST)?, time("end", extent::LATEST)?))
}
