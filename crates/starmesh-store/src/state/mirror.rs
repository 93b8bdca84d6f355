//! Mirrors that we placed or adopted.

use std::collections::BTreeSet;

use starmesh_core::ids::{CalendarId, LinkId, RemoteId};
use starmesh_core::mirror::{MeetingId, MirrorKey, MirrorRecord};

use super::{Changes, State, decode, key, row};
use crate::{Change, Select, StoreError, Table};

pub(super) fn mirror_key(target: &CalendarId, mirror: &MirrorKey) -> Vec<u8> {
    let mut joined = key(&[target.as_str()]);
    joined.extend_from_slice(&mirror.0);
    joined
}

fn by_meeting(meeting: &MeetingId) -> Vec<u8> {
    [b"meeting".as_slice(), &meeting.0].concat()
}

fn by_remote_id(id: &RemoteId) -> Vec<u8> {
    key(&["remote id", id.as_str()])
}

fn by_source(source: &CalendarId) -> Vec<u8> {
    key(&["source", source.as_str()])
}

impl Changes {
    /// Remembers a mirror.
    pub fn put_mirror(&mut self, record: &MirrorRecord) {
        let lookups = vec![
            by_meeting(&record.meeting),
            by_remote_id(&record.remote_id),
            by_source(&record.link.source),
        ];
        let target = &record.link.target;
        self.push(Change::Put(
            Table::Mirrors,
            row(mirror_key(target, &record.key), key(&[target.as_str()]), lookups, 0, record),
        ));
    }

    /// Forgets a mirror.
    pub fn delete_mirror(&mut self, target: &CalendarId, mirror: &MirrorKey) {
        self.push(Change::Delete(Table::Mirrors, mirror_key(target, mirror)));
    }
}

impl State {
    /// All mirrors in a target.
    pub async fn mirrors(&self, target: &CalendarId) -> Result<Vec<MirrorRecord>, StoreError> {
        self.select(Table::Mirrors, Select::Parent(&key(&[target.as_str()]))).await
    }

    /// The mirrors in a target of these meetings.
    pub async fn mirrors_of_meetings(
        &self,
        target: &CalendarId,
        meetings: &BTreeSet<MeetingId>,
    ) -> Result<Vec<MirrorRecord>, StoreError> {
        let lookups: Vec<_> = meetings.iter().map(by_meeting).collect();
        self.select(Table::Mirrors, Select::Lookups(&key(&[target.as_str()]), &lookups)).await
    }

    /// The mirrors in a target that stand at these ids.
    pub async fn mirrors_at<'a>(
        &self,
        target: &CalendarId,
        ids: impl IntoIterator<Item = &'a RemoteId>,
    ) -> Result<Vec<MirrorRecord>, StoreError> {
        let lookups: Vec<_> = ids.into_iter().map(by_remote_id).collect();
        self.select(Table::Mirrors, Select::Lookups(&key(&[target.as_str()]), &lookups)).await
    }

    /// The mirrors in a target with these keys.
    pub async fn mirrors_by_key<'a>(
        &self,
        target: &CalendarId,
        mirrors: impl IntoIterator<Item = &'a MirrorKey>,
    ) -> Result<Vec<MirrorRecord>, StoreError> {
        let keys: Vec<_> = mirrors.into_iter().map(|mirror| mirror_key(target, mirror)).collect();
        let rows = self.store.get_many(Table::Mirrors, &keys).await?;
        rows.iter().map(|row| decode(Table::Mirrors, row)).collect()
    }

    /// The mirrors of a link.
    pub async fn mirrors_of_link(&self, link: &LinkId) -> Result<Vec<MirrorRecord>, StoreError> {
        let lookups = [by_source(&link.source)];
        self.select(Table::Mirrors, Select::Lookups(&key(&[link.target.as_str()]), &lookups)).await
    }

    /// How many mirrors a link has.
    pub async fn mirror_count(&self, link: &LinkId) -> Result<u64, StoreError> {
        let lookups = [by_source(&link.source)];
        self.store.count(Table::Mirrors, Select::Lookups(&key(&[link.target.as_str()]), &lookups)).await
    }
}
