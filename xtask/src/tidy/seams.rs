//! Wall clock, randomness and the environment are reached through their seam only, or a seeded world
//! would not replay.

use super::Finding;
use super::code::Code;

/// What goes through a seam. `Instant::now` is clippy's to find, since tokio's, which virtual time drives,
/// reads the same.
const SEAMED: [(&str, &str); 12] = [
    ("SystemTime::now", "ask the `Clock` (starmesh-provider, env.rs)"),
    ("Utc::now", "ask the `Clock` (starmesh-provider, env.rs)"),
    ("Local::now", "ask the `Clock` (starmesh-provider, env.rs)"),
    ("rand::rng", "ask the `Entropy` (starmesh-provider, env.rs)"),
    ("rand::random", "ask the `Entropy` (starmesh-provider, env.rs)"),
    ("thread_rng", "ask the `Entropy` (starmesh-provider, env.rs)"),
    ("OsRng", "ask the `Entropy` (starmesh-provider, env.rs)"),
    ("SysRng", "ask the `Entropy` (starmesh-provider, env.rs)"),
    ("env::var", "read the environment in the program's main.rs and pass it in"),
    ("env::vars", "read the environment in the program's main.rs and pass it in"),
    ("env::vars_os", "read the environment in the program's main.rs and pass it in"),
    ("env::var_os", "read the environment in the program's main.rs and pass it in"),
];

/// The seam itself.
const SEAM: &str = "crates/starmesh-provider/src/env.rs";

/// Places that are reached before or beside the engine: the chores, the suites, a program's own start.
fn is_outside(path: &str) -> bool {
    path == SEAM
        || path.starts_with("xtask/")
        || path.starts_with("tests/")
        || path.contains("/tests/")
        || path.contains("/benches/")
        || path.contains("/src/bin/")
        || path.ends_with("/main.rs")
}

/// Uses of a seamed function outside its seam.
pub(super) fn check(code: &Code) -> Vec<Finding> {
    if is_outside(&code.path) {
        return Vec::new();
    }
    let uses = SEAMED.iter().flat_map(|(name, why)| code.find(name).map(move |at| (at, name, why)));
    uses.map(|(at, name, why)| code.finding(at, format!("`{name}`"), why)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::code::tests::code;

    #[test]
    fn the_clock_randomness_and_environment_are_found() {
        let text = "fn a() {\n chrono::Utc::now();\n rand::rng();\n std::env::var(\"A\");\n}";
        let lines: Vec<_> = check(&code("crates/a/src/b.rs", text)).iter().map(|it| it.line).collect();
        assert_eq!(lines, [2, 3, 4]);
    }

    #[test]
    fn the_seam_a_main_and_the_suites_are_free() {
        for path in
            [SEAM, "crates/a/src/main.rs", "crates/a/src/bin/b.rs", "tests/src/a.rs", "xtask/src/a.rs"]
        {
            assert_eq!(check(&code(path, "Utc::now()")), [], "{path}");
        }
    }

    #[test]
    fn words_about_the_clock_are_no_use_of_it() {
        assert_eq!(check(&code("crates/a/src/b.rs", "// never Utc::now()\nlet a = \"env::var\";")), []);
    }
}
