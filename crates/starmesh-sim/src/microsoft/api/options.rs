//! `$select` and `$expand`.

use super::extended::canonical;
use super::filter::{Filter, Term};
use super::schema;
use crate::microsoft::call::Query;
use crate::microsoft::refusal::Refusal;

/// Which properties an answer has.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Select(Option<Vec<String>>);

impl Select {
    pub(crate) fn read(query: &Query) -> Result<Self, Refusal> {
        let Some(text) = query.get("$select") else { return Ok(Self(None)) };
        let mut names = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name = name.split('/').next().unwrap_or(name);
            if !schema::is_property(name) {
                return Err(Refusal::bad(
                    "RequestBroker--ParseUri",
                    &format!("Could not find a property named '{name}' on type 'microsoft.graph.event'."),
                ));
            }
            names.push(name.to_owned());
        }
        Ok(Self(Some(names)))
    }

    /// True unless the properties are chosen and this is not among them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.iter().any(|other| other == name))
    }

    /// True when this is among the properties that are chosen.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.0.is_some() && self.has(name)
    }
}

/// What comes along with an event.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Expand {
    /// Canonical ids of single-value extended properties.
    pub(crate) single: Vec<String>,
    /// The same of multi-value ones.
    pub(crate) multi: Vec<String>,
    /// Names of open extensions; an empty list stands for all.
    pub(crate) extensions: Option<Vec<String>>,
    pub(crate) exceptions: bool,
    pub(crate) calendar: bool,
}

impl Expand {
    pub(crate) fn read(query: &Query) -> Result<Self, Refusal> {
        let mut expand = Self::default();
        let Some(text) = query.get("$expand") else { return Ok(expand) };
        for item in items(text) {
            let (name, inner) = match item.split_once('(') {
                Some((name, inner)) => (name.trim(), inner.strip_suffix(')').unwrap_or(inner)),
                None => (item, ""),
            };
            let ids = || -> Result<Vec<String>, Refusal> {
                let filter = inner
                    .split(';')
                    .filter_map(|option| option.trim().split_once('='))
                    .find(|(name, _)| name.trim().eq_ignore_ascii_case("$filter"));
                filter.map_or(Ok(Vec::new()), |(_, filter)| ids_of(filter))
            };
            match name {
                "singleValueExtendedProperties" => expand.single = property_ids(&ids()?)?,
                "multiValueExtendedProperties" => expand.multi = property_ids(&ids()?)?,
                "extensions" | "Extensions" => expand.extensions = Some(ids()?),
                "exceptionOccurrences" => expand.exceptions = true,
                "calendar" => expand.calendar = true,
                "attachments" | "instances" => {}
                _ => {
                    return Err(Refusal::bad(
                        "RequestBroker--ParseUri",
                        "Parsing OData Select and Expand failed.",
                    ));
                }
            }
        }
        Ok(expand)
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// There is no way to list all extended properties: without their ids they cannot be expanded.
fn property_ids(ids: &[String]) -> Result<Vec<String>, Refusal> {
    if ids.is_empty() {
        return Err(Refusal::bad("ErrorInvalidProperty", "The extended properties to expand are not named."));
    }
    ids.iter().map(|id| canonical(id).ok_or_else(super::extended::malformed)).collect()
}

/// The values that `id eq '…' or id eq '…'` names.
fn ids_of(filter: &str) -> Result<Vec<String>, Refusal> {
    fn gather(filter: &Filter, ids: &mut Vec<String>) -> bool {
        match filter {
            Filter::Or(left, right) => gather(left, ids) && gather(right, ids),
            Filter::Compare { path, operator, value: Term::Text(id) } if path == "id" && operator == "eq" => {
                ids.push(id.clone());
                true
            }
            _ => false,
        }
    }
    let mut ids = Vec::new();
    if gather(&Filter::parse(filter)?, &mut ids) {
        return Ok(ids);
    }
    Err(Refusal::bad("ErrorInvalidProperty", "The filter of an expanded property names its id only."))
}

/// Splits at commas outside brackets and quotes.
fn items(text: &str) -> Vec<&str> {
    let (mut depth, mut quoted) = (0_i32, false);
    let split = text.split(move |c: char| {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0 && !quoted
    });
    split.map(str::trim).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "String {00020329-0000-0000-C000-000000000046} Name Mark";

    fn expand(text: &str) -> Result<Expand, Refusal> {
        Expand::read(&Query::parse(&format!("$expand={text}")))
    }

    #[test]
    fn extended_properties_are_expanded_by_id_only() {
        let one = format!("singleValueExtendedProperties($filter=id eq '{MARK}')");
        assert_eq!(expand(&one).unwrap().single.len(), 1);
        let two =
            format!("calendar,singleValueExtendedProperties($filter=id eq '{MARK}' or id eq 'String 0x1A')");
        let two = expand(&two).unwrap();
        assert_eq!((two.single.len(), two.calendar), (2, true));
        assert_eq!(expand("singleValueExtendedProperties").unwrap_err().code, "ErrorInvalidProperty");
        let wrong = "singleValueExtendedProperties($filter=id eq 'Mark')";
        assert_eq!(expand(wrong).unwrap_err().code, "ErrorInvalidExtendedProperty");
        assert!(expand("friends").is_err());
    }

    #[test]
    fn select_names_what_there_is_and_nothing_else() {
        let select = |text: &str| Select::read(&Query::parse(&format!("$select={text}")));
        let some = select("subject,start").unwrap();
        assert!(some.has("subject") && !some.has("end") && some.names("start"));
        assert!(Select::default().has("end") && !Select::default().names("end"));
        assert!(select("uid").is_err());
    }
}
