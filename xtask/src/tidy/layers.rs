//! Dependencies point down, and each outside library has one home.

use std::fs;

use super::Finding;
use crate::process::Failure;
use crate::workspace::Workspace;

/// Which of our crates a crate may name, from the bottom up. Nothing here may name a crate further down
/// the list than itself.
const LAYERS: [(&str, &[&str]); 16] = [
    ("starmesh-core", &[]),
    ("starmesh-ical", &["starmesh-core"]),
    ("starmesh-provider", &["starmesh-core"]),
    ("starmesh-http", &["starmesh-core", "starmesh-provider"]),
    ("starmesh-caldav", &["starmesh-core", "starmesh-ical", "starmesh-provider", "starmesh-http"]),
    ("starmesh-ics", &["starmesh-core", "starmesh-ical", "starmesh-provider", "starmesh-http"]),
    ("starmesh-google", &["starmesh-core", "starmesh-provider", "starmesh-http"]),
    ("starmesh-graph", &["starmesh-core", "starmesh-provider", "starmesh-http"]),
    ("starmesh-store", &["starmesh-core", "starmesh-provider"]),
    ("starmesh-engine", &["starmesh-core", "starmesh-provider", "starmesh-store"]),
    (
        "starmesh-app",
        &[
            "starmesh-core",
            "starmesh-provider",
            "starmesh-http",
            "starmesh-caldav",
            "starmesh-ics",
            "starmesh-google",
            "starmesh-graph",
            "starmesh-store",
            "starmesh-engine",
        ],
    ),
    ("starmesh-sim", &["starmesh-core", "starmesh-provider"]),
    ("starmesh-cli", &["starmesh-app", "starmesh-sim"]),
    (
        "starmesh-world",
        &[
            "starmesh-core",
            "starmesh-provider",
            "starmesh-http",
            "starmesh-caldav",
            "starmesh-google",
            "starmesh-graph",
            "starmesh-store",
            "starmesh-engine",
            "starmesh-sim",
        ],
    ),
    (
        "starmesh-tests",
        &[
            "starmesh-core",
            "starmesh-provider",
            "starmesh-http",
            "starmesh-caldav",
            "starmesh-google",
            "starmesh-graph",
            "starmesh-store",
            "starmesh-engine",
            "starmesh-app",
            "starmesh-sim",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that only the named crates may use directly.
const HOMES: [(&str, &[&str], &str); 7] = [
    (
        "reqwest",
        &["starmesh-http", "starmesh-sim", "starmesh-tests"],
        "requests go through the transport of starmesh-http; the simulator's web hooks are not requests of ours",
    ),
    ("sqlx", &["starmesh-store"], "only the store knows its database"),
    ("keyring", &["starmesh-store"], "secrets are kept by the vault of starmesh-store"),
    ("calcard", &["starmesh-ical"], "iCalendar text is read at the edge"),
    ("libdav", &["starmesh-caldav"], "WebDAV is spoken at the edge"),
    (
        "clap",
        &["starmesh-cli", "starmesh-sim", "starmesh-tests", "xtask"],
        "only programs read their arguments",
    ),
    ("tauri", &[], "the desktop shell alone may name it"),
];

/// Libraries that no crate may need for anything but its tests and benches.
const FOR_TESTS: [(&str, &str); 2] = [
    ("criterion", "it measures; what is shipped has nothing to measure"),
    ("rrule", "our own recurrence is measured against it, and dates come from nowhere else"),
];

/// What the pure core must do without, tests aside.
const IMPURE: [&str; 9] =
    ["tokio", "futures", "async-trait", "rand", "getrandom", "tracing", "http", "url", "notify"];

/// A crate of ours with what it declares.
pub(super) struct Declared {
    name: String,
    /// Path of its Cargo.toml from the workspace's root.
    path: String,
    manifest: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    for_tests: bool,
}

impl Declared {
    fn finding(&self, dependency: &str, what: String, why: &'static str) -> Finding {
        let declares = |line: &str| {
            line.trim_start().strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
        };
        let line = self.manifest.lines().position(declares).map_or(1, |at| at + 1);
        Finding { path: self.path.clone(), line, what, why }
    }
}

/// Asks Cargo.
pub(super) fn declared(workspace: &Workspace) -> Result<Vec<Declared>, Failure> {
    let metadata = workspace.metadata()?;
    metadata
        .packages
        .iter()
        .map(|package| {
            let path = package.manifest_path.as_std_path();
            let manifest = fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
            let shown = path.strip_prefix(workspace.root()).unwrap_or(path);
            let dependencies = package.dependencies.iter().map(|it| Dependency {
                name: it.name.clone(),
                for_tests: it.kind == cargo_metadata::DependencyKind::Development,
            });
            Ok(Declared {
                name: package.name.to_string(),
                path: shown.to_string_lossy().replace('\\', "/"),
                manifest,
                dependencies: dependencies.collect(),
            })
        })
        .collect()
}

/// Dependencies that point up, libraries away from their home, crates that nobody gave a layer.
pub(super) fn check(crates: &[Declared]) -> Vec<Finding> {
    crates
        .iter()
        .flat_map(|declared| [directions(declared), homes(declared), shipped(declared), purity(declared)])
        .flatten()
        .collect()
}

fn directions(declared: &Declared) -> Vec<Finding> {
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == declared.name) else {
        let what = format!("the crate {} has no layer", declared.name);
        return vec![declared.finding("name", what, "add it to LAYERS in xtask/src/tidy/layers.rs")];
    };
    let ours = |name: &str| LAYERS.iter().any(|(layer, _)| *layer == name) || name.starts_with("starmesh-");
    let up = declared.dependencies.iter().filter(|it| ours(&it.name) && !allowed.contains(&it.name.as_str()));
    up.map(|it| {
        let what = format!("{} depends on {}", declared.name, it.name);
        declared.finding(&it.name, what, "dependencies point down only (docs/architecture.md)")
    })
    .collect()
}

fn homes(declared: &Declared) -> Vec<Finding> {
    let astray = HOMES.iter().filter(|(library, homes, _)| {
        !homes.contains(&declared.name.as_str())
            && declared.dependencies.iter().any(|it| it.name == *library || is_plugin(&it.name, library))
    });
    astray
        .map(|(library, _, why)| {
            declared.finding(library, format!("{} uses {library} directly", declared.name), why)
        })
        .collect()
}

fn shipped(declared: &Declared) -> Vec<Finding> {
    let needs = |library: &str| declared.dependencies.iter().any(|it| it.name == library && !it.for_tests);
    let astray = FOR_TESTS.iter().filter(|(library, _)| needs(library));
    astray
        .map(|(library, why)| declared.finding(library, format!("{} ships {library}", declared.name), why))
        .collect()
}

/// `tauri-plugin-…` goes where `tauri` goes.
fn is_plugin(name: &str, library: &str) -> bool {
    name.strip_prefix(library).is_some_and(|rest| rest.starts_with("-plugin-"))
}

fn purity(declared: &Declared) -> Vec<Finding> {
    if declared.name != "starmesh-core" {
        return Vec::new();
    }
    let impure =
        declared.dependencies.iter().filter(|it| !it.for_tests && IMPURE.contains(&it.name.as_str()));
    impure
        .map(|it| {
            let what = format!("{} uses {}", declared.name, it.name);
            declared.finding(&it.name, what, "the core awaits nothing, draws nothing and reads nothing")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(name: &str, dependencies: &[(&str, bool)]) -> Declared {
        let lines: Vec<_> = dependencies.iter().map(|(name, _)| format!("{name}.workspace = true")).collect();
        Declared {
            name: name.to_owned(),
            path: format!("crates/{name}/Cargo.toml"),
            manifest: format!("[package]\nname = \"{name}\"\n[dependencies]\n{}\n", lines.join("\n")),
            dependencies: dependencies
                .iter()
                .map(|(name, for_tests)| Dependency { name: (*name).to_owned(), for_tests: *for_tests })
                .collect(),
        }
    }

    fn found(name: &str, dependencies: &[(&str, bool)]) -> Vec<(usize, String)> {
        check(&[declared(name, dependencies)]).into_iter().map(|it| (it.line, it.what)).collect()
    }

    #[test]
    fn every_layer_names_only_layers_below_it() {
        for (at, (name, allowed)) in LAYERS.iter().enumerate() {
            for below in *allowed {
                let layer = LAYERS.iter().position(|(layer, _)| layer == below);
                assert!(layer.is_some_and(|layer| layer < at), "{name} names {below}");
            }
        }
    }

    #[test]
    fn a_dependency_that_points_up_is_found_on_its_line() {
        let findings = found("starmesh-engine", &[("starmesh-core", false), ("starmesh-caldav", false)]);
        assert_eq!(findings, [(5, "starmesh-engine depends on starmesh-caldav".to_owned())]);
    }

    #[test]
    fn a_library_away_from_home_is_found_and_at_home_is_not() {
        assert_eq!(found("starmesh-http", &[("reqwest", false)]), []);
        assert_eq!(found("starmesh-cli", &[("sqlx", false), ("tauri-plugin-opener", false)]).len(), 2);
    }

    #[test]
    fn what_only_measures_is_never_shipped() {
        assert_eq!(found("starmesh-core", &[("rrule", true), ("criterion", true)]), []);
        let findings = found("starmesh-core", &[("rrule", false)]);
        assert_eq!(findings, [(4, "starmesh-core ships rrule".to_owned())]);
    }

    #[test]
    fn the_core_is_pure_except_in_its_tests() {
        assert_eq!(found("starmesh-core", &[("rand", true), ("chrono", false)]), []);
        assert_eq!(found("starmesh-core", &[("tokio", false)]), [(4, "starmesh-core uses tokio".to_owned())]);
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        assert_eq!(found("starmesh-new", &[]), [(2, "the crate starmesh-new has no layer".to_owned())]);
    }
}
