//! The limits of extended properties.

use serde_json::{Map, Value};

use super::super::problem::Problem;
use super::super::switches::{LongProperties, Switches};
use crate::web::Met;

/// Longest key, in characters.
const KEY_MAX: usize = 44;
/// Longest value, in characters.
const VALUE_MAX: usize = 1_024;
/// The most properties of an event.
const COUNT_MAX: usize = 300;
/// The most bytes that an event's properties may have together.
const BYTES_MAX: usize = 32 * 1_024;

/// Bounds `extendedProperties`, as the switches say.
pub(super) fn bound(fields: &mut Map<String, Value>, switches: &Switches, met: &Met) -> Result<(), Problem> {
    let Some(properties) = fields.get_mut("extendedProperties") else { return Ok(()) };
    let malformed = || Problem::invalid("Invalid extended properties.");
    let kinds = properties.as_object_mut().ok_or_else(malformed)?;
    kinds.retain(|kind, _| matches!(kind.as_str(), "private" | "shared"));
    let (mut count, mut bytes) = (0, 0);
    for kind in kinds.values_mut() {
        let pairs = kind.as_object_mut().ok_or_else(malformed)?;
        if pairs.values().any(|value| !value.is_string()) {
            return Err(malformed());
        }
        let too_long = |(key, value): (&String, &Value)| {
            key.chars().count() > KEY_MAX || value.as_str().is_some_and(|it| it.chars().count() > VALUE_MAX)
        };
        if pairs.iter().any(too_long) {
            if switches.long_properties == LongProperties::Refused {
                met.meet("long_properties.refused");
                return Err(Problem::invalid("An extended property is too long."));
            }
            met.meet("long_properties.trimmed");
        }
        pairs.retain(|key, _| key.chars().count() <= KEY_MAX);
        for value in pairs.values_mut() {
            let text = value.as_str().unwrap_or_default();
            if text.chars().count() > VALUE_MAX {
                *value = Value::String(text.chars().take(VALUE_MAX).collect());
            }
        }
        count += pairs.len();
        bytes +=
            pairs.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len)).sum::<usize>();
    }
    if count > COUNT_MAX || bytes > BYTES_MAX {
        return Err(Problem::invalid("The event has too many extended properties."));
    }
    kinds.retain(|_, pairs| pairs.as_object().is_some_and(|pairs| !pairs.is_empty()));
    if kinds.is_empty() {
        fields.remove("extendedProperties");
    }
    Ok(())
}
