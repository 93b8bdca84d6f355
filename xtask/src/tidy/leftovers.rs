//! Nothing half done is left in the tree.

use super::Finding;
use super::code::Code;

/// What may stand nowhere.
const LEFTOVERS: [(&str, &str); 7] = [
    ("todo!", "finish it or leave it out"),
    ("unimplemented!", "finish it or leave it out"),
    ("dbg!", "log it or remove it"),
    ("#[ignore", "a test runs or does not exist"),
    ("#[should_panic", "name the error that is expected"),
    ("#[allow(", "use #[expect(…, reason = …)], which complains when it is no longer needed"),
    ("#![allow(", "use #[expect(…, reason = …)], which complains when it is no longer needed"),
];

/// Leftovers in `code`.
pub(super) fn check(code: &Code) -> Vec<Finding> {
    let found = LEFTOVERS.iter().flat_map(|(what, why)| code.find(what).map(move |at| (at, what, why)));
    found.map(|(at, what, why)| code.finding(at, format!("`{what}`"), why)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::code::tests::code;

    #[test]
    fn every_leftover_is_found_on_its_line() {
        for (what, _) in LEFTOVERS {
            let findings = check(&code("a.rs", &format!("fn a() {{}}\n{what}")));
            assert_eq!(findings.iter().map(|it| it.line).collect::<Vec<_>>(), [2], "{what}");
        }
    }

    #[test]
    fn finished_code_is_left_alone() {
        assert_eq!(check(&code("a.rs", "#[expect(x, reason = \"y\")] fn todo() { my_dbg!(1) }")), []);
    }
}
