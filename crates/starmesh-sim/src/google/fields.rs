//! Partial responses: the parameter `fields`.

use serde_json::{Map, Value};

use super::problem::Problem;

/// How deep a selection may be nested.
const DEPTH_MAX: usize = 16;

/// A parsed selection: names with what is wanted below them; nothing below means everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Selection(Vec<(String, Option<Selection>)>);

impl Selection {
    /// Parses `items(id,start/dateTime),nextPageToken`.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let invalid = || Problem::invalid_parameter("fields", text);
        let mut rest = text;
        let selection = list(&mut rest, 0).ok_or_else(invalid)?;
        if rest.is_empty() { Ok(selection) } else { Err(invalid()) }
    }

    /// What is selected of `value`; lists are passed through.
    pub(super) fn of(&self, value: &Value) -> Value {
        match value {
            Value::Array(rows) => rows.iter().map(|row| self.of(row)).collect(),
            Value::Object(object) => Value::Object(self.of_object(object)),
            other => other.clone(),
        }
    }

    fn of_object(&self, object: &Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, below) in &self.0 {
            for (key, value) in object.iter().filter(|(key, _)| name == "*" || *key == name) {
                let part = below.as_ref().map_or_else(|| value.clone(), |below| below.of(value));
                merge(kept.entry(key.clone()).or_insert(Value::Null), part);
            }
        }
        kept
    }
}

/// One field may be selected by several paths.
fn merge(into: &mut Value, part: Value) {
    match (into, part) {
        (Value::Object(into), Value::Object(part)) => {
            for (name, value) in part {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(part)) if into.len() == part.len() => {
            into.iter_mut().zip(part).for_each(|(into, part)| merge(into, part));
        }
        (into, part) => *into = part,
    }
}

fn list(rest: &mut &str, depth: usize) -> Option<Selection> {
    let mut names = vec![path(rest, depth)?];
    while let Some(after) = rest.strip_prefix(',') {
        *rest = after;
        names.push(path(rest, depth)?);
    }
    Some(Selection(names))
}

fn path(rest: &mut &str, depth: usize) -> Option<(String, Option<Selection>)> {
    if depth > DEPTH_MAX {
        return None;
    }
    let end = rest.find([',', '(', ')', '/']).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    if name.is_empty() {
        return None;
    }
    if let Some(after) = rest.strip_prefix('/') {
        *rest = after;
        let below = path(rest, depth + 1)?;
        return Some((name.to_owned(), Some(Selection(vec![below]))));
    }
    if let Some(after) = rest.strip_prefix('(') {
        *rest = after;
        let below = list(rest, depth + 1)?;
        *rest = rest.strip_prefix(')')?;
        return Some((name.to_owned(), Some(below)));
    }
    Some((name.to_owned(), None))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_selection_keeps_what_it_names_and_nothing_else() {
        let body = json!({
            "kind": "k",
            "items": [{ "id": "1", "start": { "dateTime": "t", "timeZone": "z" }, "summary": "s" }, { "id": "2" }],
            "nextPageToken": "p",
        });
        let check =
            |fields: &str, wanted: Value| assert_eq!(Selection::parse(fields).unwrap().of(&body), wanted);
        check("kind", json!({ "kind": "k" }));
        check("items/id", json!({ "items": [{ "id": "1" }, { "id": "2" }] }));
        check(
            "items(id,start/dateTime),nextPageToken",
            json!({ "items": [{ "id": "1", "start": { "dateTime": "t" } }, { "id": "2" }], "nextPageToken": "p" }),
        );
        check(
            "items/start/timeZone,items/id",
            json!({ "items": [{ "id": "1", "start": { "timeZone": "z" } }, { "id": "2" }] }),
        );
        check("items(*)", json!({ "items": body["items"] }));
    }

    #[test]
    fn a_selection_that_cannot_be_read_is_refused() {
        for fields in ["items(", "items(id", "items)", ",id", "a//b", "items()"] {
            assert!(Selection::parse(fields).is_err(), "{fields}");
        }
    }
}
