//! `$filter`: the part of the query language that Outlook understands for events.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::extended::{canonical, malformed};
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::Details;
use crate::microsoft::world::timing::read_instant;

/// A condition.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    /// `path operator value`, or `function(path, value)` with the function as operator.
    Compare {
        path: String,
        operator: String,
        value: Term,
    },
    /// `collection/any(name: condition)`.
    Any {
        collection: String,
        name: String,
        condition: Box<Filter>,
    },
}

/// A value in a condition.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Term {
    Text(String),
    Flag(bool),
    Number(f64),
    Instant(DateTime<Utc>),
    Null,
}

/// How deep conditions may be nested.
const DEPTH_MAX: usize = 32;

impl Filter {
    /// Reads a condition; anything else is 400.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let tokens = tokens(text).ok_or_else(invalid)?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        let filter = parser.either().ok_or_else(invalid)?;
        if parser.at == tokens.len() { Ok(filter) } else { Err(invalid()) }
    }

    /// 400 for what the service does not filter by.
    pub(crate) fn check(&self, by_transaction: bool) -> Result<(), Refusal> {
        match self {
            Self::And(left, right) | Self::Or(left, right) => {
                left.check(by_transaction)?;
                right.check(by_transaction)
            }
            Self::Not(inner) => inner.check(by_transaction),
            Self::Compare { path, .. } => {
                let property = path.split('/').next().unwrap_or(path);
                let known =
                    super::schema::is_property(property) && (property != "transactionId" || by_transaction);
                if known { Ok(()) } else { Err(unknown_property()) }
            }
            Self::Any { collection, name, condition } => match collection.to_ascii_lowercase().as_str() {
                "singlevalueextendedproperties" => {
                    let id = condition.wanted(&format!("{name}/id")).ok_or_else(malformed)?;
                    canonical(&id).map(|_| ()).ok_or_else(malformed)
                }
                "extensions" | "categories" => Ok(()),
                _ => Err(unknown_property()),
            },
        }
    }

    /// True when `event`, as an answer would write it, fulfils the condition.
    pub(crate) fn holds(&self, event: &Value, details: &Details) -> bool {
        match self {
            Self::And(left, right) => left.holds(event, details) && right.holds(event, details),
            Self::Or(left, right) => left.holds(event, details) || right.holds(event, details),
            Self::Not(inner) => !inner.holds(event, details),
            Self::Compare { path, operator, value } => {
                let found = path.split('/').fold(event, |value, part| &value[part]);
                compare(found, operator, value)
            }
            Self::Any { collection, name, condition } => match collection.to_ascii_lowercase().as_str() {
                "categories" => {
                    let all = event["categories"].as_array().map(Vec::as_slice).unwrap_or_default();
                    all.iter().any(|category| condition.holds_for(name, category))
                }
                "extensions" => {
                    let wanted = condition.wanted(&format!("{name}/id")).unwrap_or_default();
                    details.extensions.keys().any(|name| is_extension(name, &wanted))
                }
                _ => condition.holds_for_property(name, details),
            },
        }
    }

    /// For `any` over plain values.
    fn holds_for(&self, name: &str, value: &Value) -> bool {
        match self {
            Self::Compare { path, operator, value: term } => path == name && compare(value, operator, term),
            Self::And(left, right) => left.holds_for(name, value) && right.holds_for(name, value),
            Self::Or(left, right) => left.holds_for(name, value) || right.holds_for(name, value),
            Self::Not(inner) => !inner.holds_for(name, value),
            Self::Any { .. } => false,
        }
    }

    /// For `any` over extended properties: one id, and conditions on its value. Values are compared in any
    /// case, names are not.
    fn holds_for_property(&self, name: &str, details: &Details) -> bool {
        let Some(id) = self.wanted(&format!("{name}/id")).as_deref().and_then(canonical) else {
            return false;
        };
        let Some((_, value)) = details.extended.get(&id) else { return false };
        self.on_value(&format!("{name}/id"), &format!("{name}/value"), value)
    }

    fn on_value(&self, id: &str, path: &str, found: &Value) -> bool {
        match self {
            Self::And(left, right) => left.on_value(id, path, found) && right.on_value(id, path, found),
            Self::Or(left, right) => left.on_value(id, path, found) || right.on_value(id, path, found),
            Self::Not(inner) => !inner.on_value(id, path, found),
            Self::Compare { path: other, operator, value } if other == path => {
                let lower = |text: &str| Value::String(text.to_lowercase());
                let found = found.as_str().map_or_else(|| found.clone(), lower);
                let value = match value {
                    Term::Text(text) => Term::Text(text.to_lowercase()),
                    other => other.clone(),
                };
                compare(&found, operator, &value)
            }
            Self::Compare { path: other, .. } => other == id,
            Self::Any { .. } => false,
        }
    }

    /// The text that `path` has to equal.
    fn wanted(&self, path: &str) -> Option<String> {
        match self {
            Self::And(left, right) => left.wanted(path).or_else(|| right.wanted(path)),
            Self::Compare { path: other, operator, value: Term::Text(text) }
                if other == path && operator == "eq" =>
            {
                Some(text.clone())
            }
            _ => None,
        }
    }
}

/// True when an open extension's name is meant by a name or an id.
pub(crate) fn is_extension(name: &str, wanted: &str) -> bool {
    wanted == name || wanted.strip_prefix("Microsoft.OutlookServices.OpenTypeExtension.") == Some(name)
}

fn invalid() -> Refusal {
    Refusal::bad("BadRequest", "Invalid filter clause.")
}

fn unknown_property() -> Refusal {
    Refusal::bad("ErrorInvalidProperty", "The property is not one that can be filtered by.")
}

fn compare(found: &Value, operator: &str, term: &Term) -> bool {
    use std::cmp::Ordering;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    match (operator, term) {
        ("contains", Term::Text(part)) => text(found).is_some_and(|found| found.contains(part)),
        ("startswith", Term::Text(part)) => text(found).is_some_and(|found| found.starts_with(part)),
        ("endswith", Term::Text(part)) => text(found).is_some_and(|found| found.ends_with(part)),
        _ => {
            let order = match term {
                Term::Text(wanted) => {
                    match (found.as_str(), found.as_str().and_then(read_instant), read_instant(wanted)) {
                        (_, Some(found), Some(wanted)) => Some(found.cmp(&wanted)),
                        (Some(found), _, _) => Some(found.cmp(wanted)),
                        _ => None,
                    }
                }
                Term::Flag(wanted) => found.as_bool().map(|found| found.cmp(wanted)),
                Term::Number(wanted) => found.as_f64().and_then(|found| found.partial_cmp(wanted)),
                Term::Instant(wanted) => found.as_str().and_then(read_instant).map(|found| found.cmp(wanted)),
                Term::Null => found.is_null().then_some(Ordering::Equal),
            };
            match operator {
                "eq" => order == Some(Ordering::Equal),
                "ne" => order != Some(Ordering::Equal),
                "lt" => order == Some(Ordering::Less),
                "le" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                "gt" => order == Some(Ordering::Greater),
                "ge" => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                _ => false,
            }
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&c) = rest.peek() {
        if c.is_whitespace() {
            rest.next();
        } else if c == '\'' {
            rest.next();
            let mut value = String::new();
            loop {
                match rest.next()? {
                    '\'' if rest.peek() == Some(&'\'') => {
                        rest.next();
                        value.push('\'');
                    }
                    '\'' => break,
                    other => value.push(other),
                }
            }
            tokens.push(Token::Text(value));
        } else if matches!(c, '(' | ')' | ',') {
            rest.next();
            tokens.push(Token::Mark(c));
        } else {
            let mut word = String::new();
            while let Some(&c) =
                rest.peek().filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | ',' | '\''))
            {
                word.push(c);
                rest.next();
            }
            tokens.push(Token::Word(word));
        }
    }
    Some(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn word(&mut self, word: &str) -> bool {
        let found =
            matches!(self.tokens.get(self.at), Some(Token::Word(other)) if other.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn mark(&mut self, mark: char) -> Option<()> {
        (self.next()? == Token::Mark(mark)).then_some(())
    }

    fn either(&mut self) -> Option<Filter> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut left = self.both()?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both()?));
        }
        self.depth -= 1;
        Some(left)
    }

    fn both(&mut self) -> Option<Filter> {
        let mut left = self.one()?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one()?));
        }
        Some(left)
    }

    fn one(&mut self) -> Option<Filter> {
        if self.word("not") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        match self.next()? {
            Token::Mark('(') => {
                let inner = self.either()?;
                self.mark(')')?;
                Some(inner)
            }
            Token::Word(word) if self.tokens.get(self.at) == Some(&Token::Mark('(')) => {
                self.at += 1;
                self.call(&word)
            }
            Token::Word(path) => {
                let Token::Word(operator) = self.next()? else { return None };
                let operator = operator.to_ascii_lowercase();
                if !["eq", "ne", "lt", "le", "gt", "ge"].contains(&operator.as_str()) {
                    return None;
                }
                Some(Filter::Compare { path, operator, value: self.term()? })
            }
            _ => None,
        }
    }

    /// What follows `word(`.
    fn call(&mut self, word: &str) -> Option<Filter> {
        let filter = if let Some((collection, function)) = word.rsplit_once('/') {
            if !function.eq_ignore_ascii_case("any") {
                return None;
            }
            let Token::Word(name) = self.next()? else { return None };
            // Both `any(x: x eq …)` and `any(x:x eq …)` are seen.
            let name = match name.split_once(':') {
                Some((name, "")) => name.to_owned(),
                Some((name, rest)) => {
                    let (name, rest) = (name.to_owned(), rest.to_owned());
                    let Token::Word(operator) = self.next()? else { return None };
                    let first = Filter::Compare {
                        path: rest,
                        operator: operator.to_ascii_lowercase(),
                        value: self.term()?,
                    };
                    let condition = if self.word("and") {
                        Filter::And(Box::new(first), Box::new(self.either()?))
                    } else {
                        first
                    };
                    self.mark(')')?;
                    return Some(Filter::Any {
                        collection: collection.into(),
                        name,
                        condition: Box::new(condition),
                    });
                }
                None => return None,
            };
            let condition = Box::new(self.either()?);
            Filter::Any { collection: collection.into(), name, condition }
        } else {
            let operator = word.to_ascii_lowercase();
            if !["contains", "startswith", "endswith"].contains(&operator.as_str()) {
                return None;
            }
            let Token::Word(path) = self.next()? else { return None };
            self.mark(',')?;
            Filter::Compare { path, operator, value: self.term()? }
        };
        self.mark(')')?;
        Some(filter)
    }

    fn term(&mut self) -> Option<Term> {
        Some(match self.next()? {
            Token::Text(text) => Term::Text(text),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Term::Flag(true),
                "false" => Term::Flag(false),
                "null" => Term::Null,
                other => match other.parse() {
                    Ok(number) => Term::Number(number),
                    Err(_) => Term::Instant(read_instant(&word)?),
                },
            },
            Token::Mark(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Map, json};

    use super::*;
    use crate::microsoft::world::Timing;

    const MARK: &str = "String {00020329-0000-0000-C000-000000000046} Name Mark";

    fn holds(filter: &str) -> bool {
        let instant = read_instant("2026-11-03").unwrap();
        let details = Details {
            timing: Timing::utc(instant, instant),
            props: Map::new(),
            extended: BTreeMap::from([(canonical(MARK).unwrap(), (MARK.into(), json!("Value-1")))]),
            extensions: BTreeMap::from([("com.example".into(), Map::new())]),
        };
        let event = json!({
            "subject": "it's on", "isAllDay": false, "categories": ["red"],
            "start": {"dateTime": "2026-11-03T09:00:00.0000000"}, "iCalUId": null,
        });
        let filter = Filter::parse(filter).unwrap();
        filter.check(false).unwrap();
        filter.holds(&event, &details)
    }

    #[test]
    fn comparisons_functions_and_brackets_are_understood() {
        assert!(holds("subject eq 'it''s on' and isAllDay eq false"));
        assert!(holds("start/dateTime ge '2026-11-03T08:00:00Z' and not (start/dateTime ge '2026-11-04')"));
        assert!(holds("startswith(subject,'it') or subject eq 'x'"));
        assert!(holds("iCalUId eq null and categories/any(c:c eq 'red')"));
        assert!(!holds("categories/any(c: c eq 'blue')"));
    }

    #[test]
    fn a_marker_is_found_by_its_exact_name_and_a_value_in_any_case() {
        let any = |id: &str, value| {
            holds(&format!("singleValueExtendedProperties/Any(ep: ep/id eq '{id}' and ep/value {value})"))
        };
        assert!(any(MARK, "eq 'value-1'"));
        assert!(!any(&MARK.replace("Mark", "mark"), "eq 'Value-1'"));
        assert!(!any(MARK, "eq 'Value-2'") && any(MARK, "ne null"));
        assert!(holds(&format!(
            "singleValueExtendedProperties/any(ep:ep/id eq '{MARK}' and startswith(ep/value,'val'))"
        )));
        assert!(holds("Extensions/any(f:f/id eq 'com.example')"));
    }

    #[test]
    fn what_the_service_does_not_filter_by_is_refused() {
        let code =
            |filter: &str| Filter::parse(filter).and_then(|filter| filter.check(false)).unwrap_err().code;
        assert_eq!(code("id2 eq 'x'"), "ErrorInvalidProperty");
        assert_eq!(code("transactionId eq 'x'"), "ErrorInvalidProperty");
        assert_eq!(
            code("singleValueExtendedProperties/any(e: e/id eq 'Mark')"),
            "ErrorInvalidExtendedProperty"
        );
        for wrong in ["", "subject", "subject eq", "subject is 'x'", "(subject eq 'x'", "subject eq 'x"] {
            assert_eq!(code(wrong), "BadRequest", "{wrong}");
        }
    }
}
