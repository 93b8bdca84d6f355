//! What changed: the whole file, or nothing.
//!
//! A cursor holds what the server knows the file by and how long the file wants to be left alone, behind `feed:`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use starmesh_core::ids::LastingName;
use starmesh_ical::{CalendarFile, calendar_file};
use starmesh_provider::{ChangeSet, Changed, Coverage, Cursor, ErrorKind, ProviderError, Result};

use crate::client::FeedProvider;
use crate::convert::items;
use crate::errors::{from_file, token_expired};
use crate::requests::{Answer, GetFeed, Validators};

/// How a cursor begins.
const CURSOR: &str = "feed:";

/// A feed that asks for less time is read as often as one that asks for nothing.
const REST_MIN: Duration = Duration::from_mins(1);

/// A feed that asks for more is read once a day all the same: some say a week or a year without meaning it.
const REST_MAX: Duration = Duration::from_hours(24);

/// What a cursor holds.
#[derive(Serialize, Deserialize)]
struct Position {
    #[serde(flatten)]
    validators: Validators,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_s: Option<u64>,
}

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
        let position = Position { validators, refresh_s: file.refresh_s };
        let cursor = serde_json::to_string(&position).ok().map(|text| Cursor(format!("{CURSOR}{text}")));
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
        position_of(cursor).map(|position| position.validators).ok_or_else(|| token_expired(&self.address))
    }
}

/// How long the file wants to be left alone. What caches are told of it (`Cache-Control`) says nothing here: a
/// server that lets them keep all its files for a year does not know that this one changes.
pub(crate) fn rest_after(Cursor(cursor): &Cursor) -> Option<Duration> {
    let asked = Duration::from_secs(position_of(cursor)?.refresh_s?);
    Some(asked.clamp(REST_MIN, REST_MAX))
}

fn position_of(cursor: &str) -> Option<Position> {
    serde_json::from_str(cursor.strip_prefix(CURSOR)?).ok()
}

fn listing(changed: Vec<Changed>, cursor: Option<Cursor>, complete: bool) -> ChangeSet {
    ChangeSet { changed, removed: Vec::new(), cursor, more: false, complete, coverage: Coverage::Everything }
}
