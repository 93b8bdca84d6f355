//! `starmesh run`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::SecondsFormat;
use starmesh_app::dto::RunEvent;
use starmesh_app::{Access, AppError, ErrorCode, Signals};
use tokio::sync::Notify;

use crate::context::Context;
use crate::service;
use crate::stop::StopSignals;
use crate::text;

pub(crate) async fn run(context: &Context) -> Result<(), AppError> {
    let mut stop = StopSignals::listen()?;
    match run_with(context, &mut stop, Access::Run).await {
        // Opening it as a whole rebuilds it.
        Err(error) if error.code == ErrorCode::DatabaseDamaged => {
            tracing::warn!(%error, "beginning anew");
            run_with(context, &mut stop, Access::Write).await
        }
        ended => ended,
    }
}

async fn run_with(context: &Context, stop: &mut StopSignals, access: Access) -> Result<(), AppError> {
    let starmesh = context.open(access).await?;
    let log = Log { context, deaf: Arc::new(Notify::new()), failed: AtomicBool::new(false) };
    let shutdown = async {
        tokio::select! {
            () = stop.wait() => {}
            () = log.deaf.notified() => {}
            () = service::keep_alive() => {}
        }
        service::stopping();
    };
    let ran = starmesh.run(shutdown, Signals::none(), &|event| log.hear(event)).await;
    starmesh.close().await;
    ran?;
    if log.failed.load(Ordering::Relaxed) {
        return Err(AppError::new(
            ErrorCode::FileFailed,
            "the log could not be written, so the engine stopped",
        ));
    }
    Ok(())
}

/// Standard output, one line an event.
struct Log<'a> {
    context: &'a Context,
    /// Told when nobody reads the log any more.
    deaf: Arc<Notify>,
    failed: AtomicBool,
}

impl Log<'_> {
    fn hear(&self, event: &RunEvent) {
        if matches!(event, RunEvent::Started { .. }) {
            service::ready();
        }
        let at = self.context.world.clock.now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let line = if self.context.out.json {
            json_line(event, &at)
        } else {
            text::run_event(event, &at, self.context.out.zone, self.context.verbose)
        };
        if let Some(Err(error)) = line.map(|line| self.context.out.line(&line)) {
            tracing::error!(%error, "the log cannot be written");
            self.failed.store(true, Ordering::Relaxed);
            self.deaf.notify_one();
        }
    }
}

/// An event with its time. Progress of long work is for people.
fn json_line(event: &RunEvent, at: &str) -> Option<String> {
    if matches!(event, RunEvent::PullProgress { .. } | RunEvent::PlaceProgress { .. }) {
        return None;
    }
    let mut value = serde_json::to_value(event).ok()?;
    value.as_object_mut()?.entry("at").or_insert_with(|| at.into());
    Some(value.to_string())
}
