//! What happened, as a hash: the same seed must give the same one.

use std::time::Duration;

/// A running hash over lines (FNV-1a, 64 bit), which can keep the lines for a person.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    lines: Vec<String>,
    keeps: bool,
}

impl Default for Trace {
    fn default() -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: Vec::new(), keeps: false }
    }
}

impl Trace {
    /// Keeps the lines from now on.
    pub fn keep_lines(&mut self) {
        self.keeps = true;
    }

    /// Adds what happened at a time since the start of the world.
    pub fn add(&mut self, at: Duration, line: &str) {
        for byte in at.as_millis().to_be_bytes().iter().chain(line.as_bytes()) {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.keeps {
            self.lines.push(format!("{:>9.3} {line}", at.as_secs_f64()));
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

#[cfg(test)]
mod tests {
    use super::*;

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
