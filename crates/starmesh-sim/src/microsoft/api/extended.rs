//! Extended properties: named properties of the store underneath, readable by exact name only.
//!
//! Source: <https://learn.microsoft.com/en-us/graph/api/resources/extended-properties-overview>.

use serde_json::{Map, Value, json};

use super::schema::unreadable;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::Details;

/// The type keywords of an id.
const TYPES: [&str; 12] = [
    "ApplicationTime",
    "Binary",
    "Boolean",
    "CLSID",
    "Currency",
    "Double",
    "Float",
    "Integer",
    "Long",
    "Short",
    "String",
    "SystemTime",
];

/// Canonical form of an id: type and GUID in lower case, the name as it is. `None` for what is no id.
pub(crate) fn canonical(id: &str) -> Option<String> {
    let (kind, rest) = id.split_once(' ')?;
    let single = kind.strip_suffix("Array").unwrap_or(kind);
    if !TYPES.iter().any(|name| name.eq_ignore_ascii_case(single)) {
        return None;
    }
    let kind = kind.to_ascii_lowercase();
    if let Some(tag) = rest.strip_prefix("0x") {
        return u32::from_str_radix(tag, 16).ok().map(|tag| format!("{kind} {tag:#x}"));
    }
    let (guid, rest) = rest.split_once(' ')?;
    let inner = guid.strip_prefix('{')?.strip_suffix('}')?;
    let shape: Vec<_> = inner.split('-').map(str::len).collect();
    if shape != [8, 4, 4, 4, 12] || !inner.chars().all(|c| c == '-' || c.is_ascii_hexdigit()) {
        return None;
    }
    let (form, name) = rest.split_once(' ').filter(|(_, name)| !name.is_empty())?;
    let name = match form.to_ascii_lowercase().as_str() {
        "name" => format!("name {name}"),
        "id" => format!("id {:#x}", u32::from_str_radix(name.strip_prefix("0x")?, 16).ok()?),
        _ => return None,
    };
    Some(format!("{kind} {} {name}", guid.to_ascii_lowercase()))
}

/// 400 for an id that is none.
pub(crate) fn malformed() -> Refusal {
    Refusal::bad("ErrorInvalidExtendedProperty", "The extended property identifier is not valid.")
}

/// Writes the extended properties of `body` into `details`.
pub(crate) fn write(details: &mut Details, body: &Map<String, Value>) -> Result<(), Refusal> {
    for (member, many) in [("singleValueExtendedProperties", false), ("multiValueExtendedProperties", true)] {
        let Some(list) = body.get(member) else { continue };
        for entry in list.as_array().ok_or_else(|| unreadable(member))? {
            let id = entry["id"].as_str().ok_or_else(malformed)?;
            let canonical = canonical(id).ok_or_else(malformed)?;
            let value = &entry["value"];
            if !(if many { value.is_array() } else { value.is_string() }) {
                return Err(unreadable(member));
            }
            details.extended.insert(canonical, (id.into(), value.clone()));
        }
    }
    Ok(())
}

/// The named properties that `details` uses in a mailbox.
pub(crate) fn names(details: &Details) -> impl Iterator<Item = String> + '_ {
    let extensions = details.extensions.keys().map(|name| format!("extension {name}"));
    details.extended.keys().filter(|id| id.contains('{')).cloned().chain(extensions)
}

/// The properties with these canonical ids, as answers write them; `None` when there are none.
pub(crate) fn read(details: &Details, ids: &[String], many: bool) -> Option<Value> {
    let found: Vec<_> = ids
        .iter()
        .filter_map(|id| details.extended.get(id))
        .filter(|(_, value)| value.is_array() == many)
        .map(|(id, value)| json!({"id": id, "value": value}))
        .collect();
    if found.is_empty() { None } else { Some(Value::Array(found)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_in_any_case_but_for_its_name() {
        let guid = "{00020329-0000-0000-C000-000000000046}";
        let id = |text: &str| canonical(&text.replace("{}", guid));
        assert_eq!(id("String {} Name Mark"), id("string {} name Mark"));
        assert_ne!(id("String {} Name Mark"), id("String {} Name mark"));
        assert_ne!(id("String {} Name Mark"), id("Integer {} Name Mark"));
        assert!(id("Integer {} Id 0x8012").is_some() && id("String 0x001A").is_some());
        for wrong in ["Text {} Name Mark", "String {} Mark", "String 42 Name Mark", "Mark", ""] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }
}
