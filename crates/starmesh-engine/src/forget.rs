//! Mirrors that seem to be gone and are not wanted either.

use starmesh_core::event::SourceItem;
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::{Mark, MirrorRecord};
use starmesh_core::reconcile::TargetPlan;
use starmesh_provider::{Fetched, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Changes};

use crate::engine::Engine;
use crate::place::Placing;

impl Engine {
    /// Forgets mirrors that are gone and not wanted. Absence is no proof: each is looked for where it stood,
    /// and one that still stands is planned again.
    pub(crate) async fn forget(
        &self,
        target: &Calendar,
        plan: &TargetPlan,
        placing: &mut Placing,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let records = self.state.mirrors_by_key(&target.id, &plan.forget).await?;
        if records.is_empty() {
            return Ok(());
        }
        match self.stand(target, &records).await {
            Ok(standing) => {
                for record in &records {
                    match standing.iter().find(|item| item.remote_id == record.remote_id) {
                        Some(item) => {
                            changes.put_item(self.state.keys(), &target.id, item, self.clock.now());
                            placing.report.deferred += 1;
                            placing.replan.insert(record.meeting);
                        }
                        None => changes.delete_mirror(&target.id, &record.key),
                    }
                }
            }
            Err(error) => placing.stop(target, error),
        }
        Ok(())
    }

    /// The mirrors of these records that still stand.
    async fn stand(
        &self,
        target: &Calendar,
        records: &[MirrorRecord],
    ) -> Result<Vec<SourceItem>, ProviderError> {
        let provider = self.providers.provider(&target.account).await?;
        let ids: Vec<RemoteId> = records.iter().map(|record| record.remote_id.clone()).collect();
        let mut standing = Vec::new();
        for batch in ids.chunks(provider.capabilities().fetch_batch.max(1)) {
            for fetched in provider.fetch(&target.remote.name, batch).await? {
                if let Fetched::Found(item) = fetched {
                    standing.push(item);
                }
            }
        }
        // What stands there may be somebody else's by now.
        standing.retain(|item| {
            let marks = item.events.iter().filter_map(|event| Mark::parse(&event.marked.as_ref()?.mark));
            let keys: Vec<_> = marks.map(|mark| mark.key).collect();
            records.iter().any(|record| record.remote_id == item.remote_id && keys.contains(&record.key))
        });
        Ok(standing)
    }
}
