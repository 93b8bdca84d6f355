//! What changed: the whole file, or nothing.
//!
//! A cursor holds what the server knows the file by, behind `feed:`.

use starmesh_core::ids::LastingName;
use starmesh_ical::{CalendarFile, calendar_file};
use starmesh_provider::{ChangeSet, Changed, Coverage, Cursor, ErrorKind, ProviderError, Result};

use crate::client::FeedProvider;
use crate::convert::items;
use crate::errors::{from_file, token_expired};
use crate::requests::{Answer, GetFeed, Validators};

/// How a cursor begins.
const CURSOR: &str = "feed:";

impl FeedProvider {
    pub(crate) async fn read_changes(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
    ) -> Result<ChangeSet> {
        self.check_name(calendar)?;
        let known = cursor.map(|cursor| self.validators_of(cursor)).transpose()?;
        let Some((file, validators)) = self.get(known.as_ref()).await? else {
            return Ok(ChangeSet { cursor: cursor.cloned(), ..listing(Vec::new(), None, false) });
        };
        let cursor = serde_json::to_string(&validators).ok().map(|text| Cursor(format!("{CURSOR}{text}")));
        let changed = items(file).into_iter().map(Changed::Read).collect();
        Ok(listing(changed, cursor, true))
    }

    /// The file with what its server knows it by; `None` when it is the one with the `known` validators.
    pub(crate) async fn get(&self, known: Option<&Validators>) -> Result<Option<(CalendarFile, Validators)>> {
        let address = &self.address;
        let response = self.connection.send(GetFeed::prepare(address, known)).await?;
        match GetFeed::parse(address, known, &response)? {
            Answer::Unchanged => Ok(None),
            Answer::File { text, validators } => {
                let addresses: Vec<&str> = self.user.iter().map(String::as_str).collect();
                let terms = self.looked_for.of(self.name.as_str());
                let file = calendar_file(&text, &addresses, &terms)
                    .map_err(|problem| from_file(address, problem))?;
                Ok(Some((file, validators)))
            }
        }
    }

    pub(crate) fn check_name(&self, calendar: &LastingName) -> Result<()> {
        if *calendar == self.name {
            return Ok(());
        }
        let message = format!("the feed of {} is another one", self.address.host());
        Err(ProviderError::new(ErrorKind::Refused, message))
    }

    fn validators_of(&self, Cursor(cursor): &Cursor) -> Result<Validators> {
        let validators = cursor.strip_prefix(CURSOR).and_then(|text| serde_json::from_str(text).ok());
        validators.ok_or_else(|| token_expired(&self.address))
    }
}

fn listing(changed: Vec<Changed>, cursor: Option<Cursor>, complete: bool) -> ChangeSet {
    ChangeSet { changed, removed: Vec::new(), cursor, more: false, complete, coverage: Coverage::Everything }
}
