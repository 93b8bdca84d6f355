//! Commits in line: all that wait while one is under way become one transaction, and the disk is waited for
//! once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::SqlitePool;
use starmesh_provider::env::Entropy;
use tokio::sync::oneshot;

use super::write::{self, Lasting};
use super::{failure, write::Writing};
use crate::row::{Change, StoreError};
use crate::sealed::Sealer;

/// The one writing connection and what waits for it.
pub(super) struct Line {
    /// A pool of one, so that a broken connection is replaced.
    pub(super) pool: SqlitePool,
    pub(super) path: String,
    pub(super) sealer: Arc<Sealer>,
    pub(super) entropy: Arc<dyn Entropy>,
    waiting: Mutex<Vec<Waiting>>,
}

/// A commit that nobody has carried out yet.
struct Waiting {
    changes: Vec<Change>,
    lasting: Lasting,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Line {
    pub(super) fn new(
        pool: SqlitePool,
        path: String,
        sealer: Arc<Sealer>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { pool, path, sealer, entropy, waiting: Mutex::default() }
    }

    /// Makes all changes, or none. Goes on to its end when the caller's future is dropped.
    pub(super) async fn commit(
        self: &Arc<Self>,
        changes: Vec<Change>,
        lasting: Lasting,
    ) -> Result<(), StoreError> {
        let (answer, told) = oneshot::channel();
        self.lock().push(Waiting { changes, lasting, answer });
        let line = Arc::clone(self);
        tokio::spawn(async move { line.carry_out().await });
        told.await.unwrap_or_else(|_| Err(StoreError::Failed("the database was cut off".to_owned())))
    }

    /// Carries out all that waits by the time the connection is free: nothing, when others took it along.
    async fn carry_out(&self) {
        let conn = match self.pool.acquire().await {
            Ok(conn) => conn,
            Err(error) => {
                // Each commit asks for the connection once, and they are answered in order.
                let first =
                    { Some(self.lock()).filter(|line| !line.is_empty()).map(|mut line| line.remove(0)) };
                if let Some(first) = first {
                    first.tell(Err(failure::of_sqlite(&self.path, &error)));
                }
                return;
            }
        };
        let group = std::mem::take(&mut *self.lock());
        let Some(lasting) = group.iter().map(|one| one.lasting).max() else { return };
        let changes: Vec<&[Change]> = group.iter().map(|one| one.changes.as_slice()).collect();
        let writing = Writing { sealer: &self.sealer, entropy: &*self.entropy, path: &self.path };
        match write::commit(conn, writing, &changes, lasting).await {
            Err(_) if group.len() > 1 => self.one_by_one(group).await,
            result => group.into_iter().for_each(|one| one.tell(result.clone())),
        }
    }

    /// What fails together may well go through by itself: nobody pays for another's failure.
    async fn one_by_one(&self, group: Vec<Waiting>) {
        for one in group {
            let writing = Writing { sealer: &self.sealer, entropy: &*self.entropy, path: &self.path };
            let result = match self.pool.acquire().await {
                Ok(conn) => write::commit(conn, writing, &[&one.changes], one.lasting).await,
                Err(error) => Err(failure::of_sqlite(&self.path, &error)),
            };
            one.tell(result);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Whoever does not wait any more needs no answer.
    fn tell(self, result: Result<(), StoreError>) {
        drop(self.answer.send(result));
    }
}
