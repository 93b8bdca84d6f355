//! Twenty thousand random rules, expanded here and by python-dateutil; and, in `sets`, whole series.
//!
//! Every rule has to come out the same. Where dateutil is known to read a rule differently, the class is
//! decided by a predicate on the rule alone, and dateutil is asked a question that brings out the
//! reading of the RFC, so that those rules are compared, too. Nothing is left out afterwards.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is a failed test")]

mod case;
mod oracle;
mod random;
mod sets;

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use case::{Case, Class};
use oracle::{Answer, Question, ask};

/// How many rules are compared.
const RULES: usize = 20_000;
/// Where the rules come from; another seed gives other rules.
const SEED: u64 = 5545;

/// How times are written on the way to dateutil and back.
const FORMAT: &str = "%Y%m%dT%H%M%S";

#[test]
fn twenty_thousand_random_rules_come_out_as_in_dateutil() {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let cases: Vec<Case> = (0..RULES).map(|_| Case::random(&mut rng)).collect();
    let questions: Vec<Question> = cases.iter().map(Case::question).collect();
    let answers: Vec<Answer> = on_all_cores(&questions, |part| ask("expand.py", part));
    assert_eq!(answers.len(), RULES);
    let all_found = on_all_cores(&cases, |cases| cases.iter().map(Case::found).collect());

    let mut classes: BTreeMap<Class, usize> = BTreeMap::new();
    let (mut start_not_made, mut dates, mut empty) = (0, 0, 0);
    let mut unexplained = Vec::new();
    for ((case, answer), found) in cases.iter().zip(&answers).zip(&all_found) {
        *classes.entry(case.class()).or_default() += 1;
        dates += found.len();
        empty += usize::from(found.is_empty());
        let mut expected = match (answer, case.class()) {
            (Answer::Dates { instants }, _) => instants.clone(),
            (Answer::Refused { .. }, Class::NeverMet) => vec![],
            (Answer::Refused { error }, _) => {
                unexplained.push(format!("{case:?}\n  refused: {error}"));
                continue;
            }
        };
        // DTSTART counts even where the rule does not make it; dateutil expands rules only.
        if let Some(start) = case.start_in_range().filter(|start| !expected.contains(start)) {
            start_not_made += 1;
            expected.push(start);
            expected.sort();
        }
        let agree = if case.reaches_week_one() {
            expected.iter().all(|date| found.contains(date))
                && found.iter().all(|date| expected.contains(date) || case.is_last_days_of_december(date))
        } else {
            *found == expected
        };
        if !agree {
            unexplained
                .push(format!("{case:?}\n  {}\n  expected {expected:?}\n  found    {found:?}", case.text()));
        }
    }
    println!(
        "{RULES} rules, {dates} dates, {empty} empty, DTSTART not made by {start_not_made}, {classes:?}"
    );
    let few: Vec<_> = unexplained.iter().take(5).cloned().collect();
    assert!(unexplained.is_empty(), "{} unexplained, the first:\n{}", unexplained.len(), few.join("\n"));
    // The generator is worth something only while it reaches every class and most rules make dates.
    assert_eq!(classes.len(), 6, "{classes:?}");
    assert!(classes[&Class::Same] > RULES * 8 / 10, "{classes:?}");
    assert!(empty < RULES / 2, "{empty} of {RULES} rules made nothing");
    assert!(start_not_made > 100, "{start_not_made}");
}

/// Splits the work among the cores and puts the results together in order.
fn on_all_cores<T: Sync, R: Send>(all: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let chunks = all.chunks(all.len().div_ceil(cores));
        let parts: Vec<_> = chunks.map(|part| scope.spawn(|| work(part))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}
