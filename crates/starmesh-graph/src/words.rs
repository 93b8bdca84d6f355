//! Words that links ask for. They are looked for in the text of an answer as it comes; of the text nothing is
//! kept.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use starmesh_core::policy::{Found, Terms};

use crate::call::Answer;
use crate::wire::{EventRow, Lenient, Page};

/// What is asked for besides, where a link asks for words.
pub(crate) const SELECT_WORDS: &str = ",subject,categories";

/// Where words are looked for. It lives no longer than one of the functions below.
#[derive(Deserialize)]
struct Words {
    id: Option<String>,
    subject: Option<String>,
    categories: Option<Vec<String>>,
}

/// Notes in each row of a page which of `terms` it holds.
pub(crate) fn find_in_page(answer: &Answer, rows: &mut [Lenient<EventRow>], terms: &Terms) {
    let Some(page) = texts::<Page<Words>>(answer, terms) else { return };
    let found: HashMap<String, Found> = page
        .value
        .into_iter()
        .filter_map(|row| match row {
            Lenient::Good(words) => Some((words.id.clone()?, words.find(terms))),
            Lenient::Bad { .. } | Lenient::Worse(_) => None,
        })
        .collect();
    for row in rows {
        if let Lenient::Good(row) = row
            && let Some(found) = row.id.as_ref().and_then(|id| found.get(id))
        {
            row.found = *found;
        }
    }
}

/// The same of an answer that is one event.
pub(crate) fn find_in_event(answer: &Answer, row: &mut EventRow, terms: &Terms) {
    if let Some(words) = texts::<Words>(answer, terms) {
        row.found = words.find(terms);
    }
}

/// The texts of an answer, where anything is looked for in them.
fn texts<T: DeserializeOwned>(answer: &Answer, terms: &Terms) -> Option<T> {
    if terms.is_empty() { None } else { answer.json() }
}

impl Words {
    fn find(&self, terms: &Terms) -> Found {
        let categories = self.categories.iter().flatten().map(String::as_str);
        terms.find(self.subject.as_deref().unwrap_or_default(), categories)
    }
}

#[cfg(test)]
mod tests {
    use starmesh_core::policy::{Term, Word};

    use super::*;
    use crate::requests::fixture::{answer, place};
    use crate::requests::{GetEvent, ReadView};

    fn terms() -> Terms {
        let word = |text| Word::new(text).unwrap();
        Terms::new([Term::Keyword(word("lunch")), Term::Category(word("red category"))]).unwrap()
    }

    #[test]
    fn words_are_found_in_the_row_they_belong_to() {
        let text = r#"{"value":[{"id":"a","subject":"Lunch"},{"id":"b","subject":7},{"id":"c","subject":null,
            "categories":["Blue","Red Category"]},{"id":"d","bodyPreview":"lunch"}]}"#;
        let rows = ReadView::parse(&answer(200, text), &terms()).unwrap().rows;
        let found = rows.iter().map(|row| match row {
            Lenient::Good(row) => row.found,
            Lenient::Bad { .. } | Lenient::Worse(_) => panic!("every row can be read"),
        });
        let expected =
            [terms().find("lunch", []), Found::NONE, terms().find("", ["red category"]), Found::NONE];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        let one = answer(200, r#"{"id":"a","subject":"Late lunch"}"#);
        assert!(matches!(GetEvent::parse(&one, &terms()), Some(Lenient::Good(row)) if !row.found.is_none()));
        assert!(
            matches!(GetEvent::parse(&one, &Terms::default()), Some(Lenient::Good(row)) if row.found.is_none())
        );
    }

    #[test]
    fn a_subject_is_asked_for_where_words_are_looked_for_and_nowhere_else() {
        assert!(!place().select().1.contains("subject"));
        assert!(place().looking_for(terms().into()).select().1.ends_with(",subject,categories"));
    }
}
