//! Keywords and categories that policies ask for. Adapters look for them as they read, so that of a subject
//! nothing is kept but which of them it holds.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// A keyword or a category, in the form in which texts are compared: case, composition and the width of
/// spaces make no difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

impl Word {
    /// The longest, in characters.
    pub const LEN_MAX: usize = 64;

    /// A word or several, typed by the user.
    pub fn new(text: &str) -> Result<Self, WordProblem> {
        let folded = fold(text);
        if folded.is_empty() {
            return Err(WordProblem::Empty);
        }
        if folded.chars().count() > Self::LEN_MAX {
            return Err(WordProblem::TooLong);
        }
        Ok(Self(folded))
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Word {
    type Error = WordProblem;

    fn try_from(text: String) -> Result<Self, WordProblem> {
        Self::new(&text)
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

/// Why a text cannot be looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WordProblem {
    /// Nothing but white space.
    #[error("a keyword or category cannot be empty")]
    Empty,
    /// Too long.
    #[error("a keyword or category has at most {} characters", Word::LEN_MAX)]
    TooLong,
}

fn fold(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is looked for in an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// A part of its subject.
    Keyword(Word),
    /// The whole name of one of its categories.
    Category(Word),
}

/// All that is looked for in the events of one calendar.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct Terms(Vec<Term>);

impl Terms {
    /// The most terms of one calendar: one bit of [`Found`] for each, and one that tells that nothing is known.
    pub const MAX: usize = 63;

    /// These terms, each once; `None` when they are more than [`Self::MAX`].
    pub fn new(terms: impl IntoIterator<Item = Term>) -> Option<Self> {
        let terms: BTreeSet<Term> = terms.into_iter().collect();
        (terms.len() <= Self::MAX).then(|| Self(terms.into_iter().collect()))
    }

    /// True when nothing is looked for, so that no subject needs to be asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when all of `other` is looked for.
    pub fn cover(&self, other: &Self) -> bool {
        other.0.iter().all(|term| self.0.contains(term))
    }

    /// Which of them an event holds.
    pub fn find<'a>(&self, subject: &str, categories: impl IntoIterator<Item = &'a str>) -> Found {
        if self.is_empty() {
            return Found::default();
        }
        let subject = fold(subject);
        let categories: BTreeSet<String> = categories.into_iter().map(fold).collect();
        let holds = |term: &Term| match term {
            Term::Keyword(word) => subject.contains(&word.0),
            Term::Category(word) => categories.contains(&word.0),
        };
        let bits = self.0.iter().enumerate().filter(|(_, term)| holds(term)).map(|(bit, _)| 1 << bit);
        Found(bits.sum())
    }

    /// True when `found`, of these terms, has `term`.
    pub(super) fn has(&self, found: Found, term: &Term) -> bool {
        self.0.iter().position(|known| known == term).is_some_and(|bit| found.0 & (1 << bit) != 0)
    }
}

/// Which terms an event holds, a bit for each: all that is kept of a subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct Found(u64);

impl Found {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// Nobody could look: the event was unreadable when these terms were first asked for.
    pub const UNKNOWN: Self = Self(u64::MAX);

    /// True when it holds none.
    pub fn is_none(&self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Word {
        Word::new(text).unwrap()
    }

    #[test]
    fn case_composition_and_spaces_make_no_difference() {
        let cafe = Term::Keyword(word("Cafe\u{301}  Nero"));
        let terms = Terms::new([cafe.clone()]).unwrap();
        assert!(terms.has(terms.find("at CAFÉ\u{a0}NERO, 3 pm", []), &cafe));
        assert!(terms.find("cafe nero", []).is_none());
    }

    #[test]
    fn a_keyword_is_part_of_a_subject_and_a_category_a_whole_name() {
        let (keyword, category) = (Term::Keyword(word("priv")), Term::Category(word("priv")));
        let terms = Terms::new([keyword.clone(), category.clone()]).unwrap();
        let found = terms.find("Private", ["Private"]);
        assert!(terms.has(found, &keyword) && !terms.has(found, &category));
        assert!(terms.has(terms.find("", ["work", "PRIV"]), &category));
    }

    #[test]
    fn there_are_as_many_terms_as_bits() {
        let numbered = |count: usize| (0..count).map(|number| Term::Keyword(word(&format!("w{number}"))));
        let all = Terms::new(numbered(Terms::MAX)).unwrap();
        assert!(Terms::new(numbered(Terms::MAX + 1)).is_none());
        for term in numbered(Terms::MAX) {
            let Term::Keyword(word) = &term else { unreachable!() };
            assert!(all.has(all.find(&word.0, []), &term));
        }
        assert!(all.cover(&Terms::new(numbered(3)).unwrap()) && !Terms::default().cover(&all));
    }

    #[test]
    fn an_empty_and_an_endless_word_are_refused() {
        assert_eq!(Word::new(" \u{a0}"), Err(WordProblem::Empty));
        assert_eq!(Word::new(&"x".repeat(Word::LEN_MAX + 1)), Err(WordProblem::TooLong));
    }
}
