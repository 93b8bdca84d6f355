//! What happened, as a hash: the same seed must give the same one.

use std::time::Duration;

/// What of a trace is kept for a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Kept {
    /// The hash alone.
    #[default]
    Hash,
    /// Its lines as well.
    Lines,
    /// And every request and answer at a simulated service, whole.
    Bodies,
}

/// A running hash over lines (FNV-1a, 64 bit), which can keep the lines for a person.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    lines: Vec<String>,
    kept: Kept,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: Vec::new(), kept: Kept::Hash }
    }
}

impl Trace {
    /// Keeps this much from now on.
    pub fn keep(&mut self, kept: Kept) {
        self.kept = kept;
    }

    /// Adds what happened at a time since the start of the world.
    pub fn add(&mut self, at: Duration, line: &str) {
        for byte in at.as_millis().to_be_bytes().iter().chain(line.as_bytes()) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.kept >= Kept::Lines {
            self.lines.push(timed(at, line));
        }
    }

    /// Adds a body, for persons alone: the hash does not know it.
    pub fn show(&mut self, at: Duration, body: impl FnOnce() -> String) {
        if self.kept >= Kept::Bodies {
            self.lines.push(timed(at, &body()));
        }
    }

    /// The hash so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The lines kept.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

fn timed(at: Duration, line: &str) -> String {
    format!("{:>9.3} {line}", at.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_changes_no_hash() {
        let trace = |kept| {
            let mut trace = Trace::default();
            trace.keep(kept);
            trace.add(Duration::ZERO, "a");
            trace.show(Duration::ZERO, || "b".to_owned());
            (trace.hash(), trace.lines().len())
        };
        let hash = trace(Kept::Hash).0;
        assert_eq!([Kept::Hash, Kept::Lines, Kept::Bodies].map(trace), [(hash, 0), (hash, 1), (hash, 2)]);
    }

    #[test]
    fn the_hash_depends_on_every_line_and_its_time() {
        let hash = |lines: &[(u64, &str)]| {
            let mut trace = Trace::default();
            lines.iter().for_each(|(ms, line)| trace.add(Duration::from_millis(*ms), line));
            trace.hash()
        };
        assert_eq!(hash(&[(1, "a"), (2, "b")]), hash(&[(1, "a"), (2, "b")]));
        assert_ne!(hash(&[(1, "a"), (2, "b")]), hash(&[(1, "a"), (3, "b")]));
        assert_ne!(hash(&[(1, "a"), (2, "b")]), hash(&[(2, "b"), (1, "a")]));
    }
}
