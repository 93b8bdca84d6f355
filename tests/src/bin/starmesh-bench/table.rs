//! A table of measures, each beside its aim.

use std::fmt::Display;

use serde_json::json;

/// A table.
pub(crate) struct Table {
    title: &'static str,
    rows: Vec<Row>,
}

/// One measure.
struct Row {
    what: String,
    found: String,
    aim: String,
    met: bool,
}

impl Table {
    /// An empty one.
    pub(crate) fn new(title: &'static str) -> Self {
        Self { title, rows: Vec::new() }
    }

    /// Adds a measure with its aim.
    pub(crate) fn row(
        &mut self,
        what: impl Into<String>,
        found: &impl Display,
        aim: &impl Display,
        met: bool,
    ) {
        self.rows.push(Row { what: what.into(), found: found.to_string(), aim: aim.to_string(), met });
    }

    /// Adds a measure without an aim.
    pub(crate) fn fact(&mut self, what: impl Into<String>, found: &impl Display) {
        self.row(what, found, &"", true);
    }

    /// True when every aim is met.
    pub(crate) fn is_met(&self) -> bool {
        self.rows.iter().all(|row| row.met)
    }

    /// Shows it.
    pub(crate) fn print(&self, as_json: bool) {
        if as_json {
            for Row { what, found, aim, met } in &self.rows {
                let row = json!({"bench": self.title, "what": what, "found": found, "aim": aim, "met": met});
                println!("{row}");
            }
            return;
        }
        let width = |of: fn(&Row) -> &str| self.rows.iter().map(|row| of(row).chars().count()).max();
        let (what, found) = (width(|row| &row.what).unwrap_or(0), width(|row| &row.found).unwrap_or(0));
        println!("\n{}", self.title);
        for row in &self.rows {
            let aim = match (row.aim.as_str(), row.met) {
                ("", _) => String::new(),
                (aim, true) => format!("aim {aim}: met"),
                (aim, false) => format!("aim {aim}: MISSED"),
            };
            println!("  {:what$}  {:>found$}  {aim}", row.what, row.found);
        }
    }
}

/// The middle of some values; not a number where there are none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
