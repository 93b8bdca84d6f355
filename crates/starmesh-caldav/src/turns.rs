//! Servers that take one write at a time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use starmesh_http::{Request, Response};
use starmesh_provider::Result;
use tokio::sync::Mutex;

use crate::connection::Connection;

/// How often a write is sent to a server that says it is locked.
const LOCKED_TRIES_MAX: usize = 6;

/// The wait before a locked write is sent anew; doubles each time.
const LOCKED_DELAY_FIRST: Duration = Duration::from_millis(50);

/// Whose turn it is to write.
///
/// Xandikos locks a calendar while it writes; whoever comes second gets 423, or 500 for a removal. Once a
/// server has done so, writes to it go one after the other. Sending such a write again is safe even if the
/// first was carried out: its precondition then fails, and the caller looks.
#[derive(Default)]
pub(crate) struct WriteTurns {
    one_at_a_time: AtomicBool,
    under_way: AtomicUsize,
    turn: Mutex<()>,
}

impl WriteTurns {
    /// Sends a write when its turn has come; a server that stays locked has the last word with its 423.
    pub(crate) async fn send(&self, connection: &Connection, request: Request) -> Result<Response> {
        let mut turn = None;
        let mut delay = LOCKED_DELAY_FIRST;
        for _try in 1..LOCKED_TRIES_MAX {
            if turn.is_none() && self.one_at_a_time.load(Ordering::Relaxed) {
                turn = Some(self.turn.lock().await);
            }
            let (response, overlapped) = self.exchange(connection, request.clone()).await?;
            let is_locked = match response.status() {
                StatusCode::LOCKED => true,
                StatusCode::INTERNAL_SERVER_ERROR => overlapped,
                _ => false,
            };
            if !is_locked {
                return Ok(response);
            }
            self.one_at_a_time.store(true, Ordering::Relaxed);
            if turn.is_some() {
                // Another program holds the lock, or a write of ours from before there were turns.
                tokio::time::sleep(delay).await;
                delay *= 2;
            }
        }
        Ok(self.exchange(connection, request).await?.0)
    }

    /// The answer to a write, and whether another write of ours was under way meanwhile.
    async fn exchange(&self, connection: &Connection, request: Request) -> Result<(Response, bool)> {
        let under_way = UnderWay::begin(&self.under_way);
        let response = connection.send(request).await?;
        Ok((response, under_way.others_before || self.under_way.load(Ordering::Relaxed) > 1))
    }
}

/// Counts a write as long as it lives, however its future ends.
struct UnderWay<'a> {
    count: &'a AtomicUsize,
    others_before: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self { others_before: count.fetch_add(1, Ordering::Relaxed) > 0, count }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}
