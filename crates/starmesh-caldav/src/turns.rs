//! Servers that take one write at a time.

use std::sync::atomic::{AtomicBool, Ordering};
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
/// Xandikos locks a calendar while it writes, and answers 423 to whoever comes second. Once a server has
/// said so, writes to it go one after the other.
#[derive(Default)]
pub(crate) struct WriteTurns {
    one_at_a_time: AtomicBool,
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
            let response = connection.send(request.clone()).await?;
            if response.status() != StatusCode::LOCKED {
                return Ok(response);
            }
            self.one_at_a_time.store(true, Ordering::Relaxed);
            if turn.is_some() {
                // Another program holds the lock.
                tokio::time::sleep(delay).await;
                delay *= 2;
            }
        }
        connection.send(request).await
    }
}
