//! A mirror by the identity under which it was created.
//!
//! The service lists by the value of an extended property but not by a transaction id, so that the identity
//! stands in both. A person's copy of a mirror takes the property along and not the transaction id.

use starmesh_core::mirror::ProviderId;
use url::Url;

use super::{expand_mark, filter_identity};
use crate::call::{Answer, Call, query};
use crate::place::Place;
use crate::wire::{EventRow, Lenient, MirrorRow, Page};

/// Finds a mirror.
pub(crate) struct FindMirror;

/// One page of what carries the identity.
pub(crate) struct Candidates {
    /// Those that were created under it.
    pub(crate) mirrors: Vec<MirrorRow>,
    pub(crate) next: Option<Url>,
}

impl FindMirror {
    /// How many events may carry one identity on a page; copies of it are few.
    const TOP: u32 = 50;

    pub(crate) fn prepare(place: &Place, id: &ProviderId) -> Call {
        let select = format!("{}{}", EventRow::SELECT, MirrorRow::SELECT_MORE);
        let parameters =
            [filter_identity(id), ("$select", select), expand_mark(), ("$top", Self::TOP.to_string())];
        Call::get(format!("{}{}", place.events(), query(parameters)))
    }

    pub(crate) fn parse(answer: &Answer, id: &ProviderId) -> Option<Candidates> {
        let page: Page<MirrorRow> = answer.json()?;
        let is_it = |row: &MirrorRow| row.event.transaction_id.as_deref() == Some(id.as_str());
        let mirrors = page.value.into_iter().filter_map(|row| match row {
            Lenient::Good(row) if is_it(&row) => Some(row),
            _ => None,
        });
        Some(Candidates { mirrors: mirrors.collect(), next: page.next_link })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, path, place};
    use super::*;
    use crate::script::mirror;

    #[test]
    fn a_mirror_is_looked_for_by_value_and_a_copy_of_it_is_not_it() {
        let id = mirror("a").provider_id().clone();
        let call = FindMirror::prepare(&place(), &id);
        let path = path(&call);
        assert!(path.starts_with(
            "/me/calendars/C=/events?$filter=singleValueExtendedProperties/Any(ep: ep/id eq 'String {"
        ));
        assert!(path.contains(&format!("and ep/value eq '{id}')&$select=id,")), "{path}");
        let body =
            format!("{{\"value\":[{{\"id\":\"copy\"}},{{\"id\":\"it\",\"transactionId\":\"{id}\"}}]}}");
        let found = FindMirror::parse(&answer(200, &body), &id).unwrap();
        let ids: Vec<_> = found.mirrors.iter().filter_map(|row| row.event.id.as_deref()).collect();
        assert_eq!(ids, ["it"]);
    }
}
