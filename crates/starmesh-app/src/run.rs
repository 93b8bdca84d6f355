//! The daemon: the engine, with an ear for changes of the configuration by other processes.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use notify::{Config, Event, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use starmesh_core::ids::CalendarId;
use starmesh_engine::{Command, EngineEvent};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::dto::{RunEvent, WrittenDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::progress::{Listener, told};
use crate::push::Signals;

/// How many commands may wait for the engine; more make the sender wait.
const COMMANDS_KEPT: usize = 16;
/// How often the data folder is looked at where the system tells of no changes.
const WATCH_INTERVAL: Duration = Duration::from_secs(2);

impl Starmesh {
    /// Keeps everything in step until `shutdown` completes; writes under way are finished first. Besides
    /// polling, a calendar is read as soon as `signals` tells that it may have changed.
    pub async fn run(
        &self,
        shutdown: impl Future<Output = ()>,
        mut signals: Signals,
        listener: Listener<'_>,
    ) -> Result<()> {
        self.folder.write_daemon_pid()?;
        // What was configured and not carried out yet is from here on.
        self.end_step(WrittenDto::default()).await?;
        let (noticed, mut changes) = mpsc::channel(1);
        self.folder.tell_changed()?;
        let _watcher = watch(&self.folder.changed(), self.folder.path(), noticed)?;

        let engine = self.engine(self.state.clone());
        let mut events = engine.subscribe();
        let (commands, inbox) = mpsc::channel(COMMANDS_KEPT);
        // A task of its own, so that a command can wait for its place while the engine goes on.
        let mut running = tokio::spawn(async move { engine.run(inbox).await });

        let mut directory = Directory::load(&self.state).await?;
        let links = self.state.links().await?.len() as u64;
        listener(&RunEvent::Started { links, pid: std::process::id() });
        let mut shutdown = pin!(shutdown);
        let mut stopping = false;
        let mut verified = pin!(self.verified());
        let mut verdict = None;
        loop {
            tokio::select! {
                ended = &mut running => {
                    while let Ok(event) = events.try_recv() {
                        self.hear(&directory, event, listener)?;
                    }
                    ended.map_err(|error| {
                        AppError::new(ErrorCode::Internal, format!("the engine was cut off: {error}"))
                    })??;
                    listener(&RunEvent::Stopped);
                    return verdict.unwrap_or(Ok(()));
                }
                found = &mut verified, if verdict.is_none() => {
                    // Nothing was written yet, and now nothing will be.
                    if found.is_err() {
                        stopping = true;
                        drop(commands.send(Command::Shutdown).await);
                    }
                    verdict = Some(found);
                }
                () = &mut shutdown, if !stopping => {
                    stopping = true;
                    // An engine that ended by itself is dealt with above.
                    drop(commands.send(Command::Shutdown).await);
                }
                Some(()) = changes.recv(), if !stopping => {
                    self.providers.forget();
                    directory = Directory::load(&self.state).await?;
                    listener(&RunEvent::Reloaded);
                    drop(commands.send(Command::Reload).await);
                }
                Some(calendar) = signals.next(), if !stopping => {
                    drop(commands.send(Command::Signal(calendar)).await);
                }
                event = events.recv() => match event {
                    Ok(event) => self.hear(&directory, event, listener)?,
                    Err(RecvError::Lagged(count)) => listener(&RunEvent::Missed { count }),
                    // The engine has ended; its task says how.
                    Err(RecvError::Closed) => {}
                },
            }
        }
    }

    fn hear(&self, directory: &Directory, event: EngineEvent, listener: Listener<'_>) -> Result<()> {
        if let EngineEvent::Planned { target, held, whole, .. } = &event {
            self.note_held(target, *held, *whole)?;
        }
        listener(&told(directory, event));
        Ok(())
    }

    /// Remembers removals that wait for a person. A plan of some meetings sees only their removals, so a
    /// lower number says nothing; the engine plans the whole target whenever one of them holds any.
    fn note_held(&self, target: &CalendarId, count: u64, whole: bool) -> Result<()> {
        let mut held = self.folder.held()?;
        let known = held.get(target).copied().unwrap_or(0);
        let count = if whole { count } else { count.max(known) };
        if count == 0 {
            held.remove(target);
        } else {
            held.insert(target.clone(), count);
        }
        self.folder.write_held(&held)
    }
}

/// Watches the file that says that the configuration was changed. Signals in a row become one.
fn watch(file: &Path, folder: &Path, noticed: mpsc::Sender<()>) -> Result<Box<dyn Watcher + Send>> {
    let name = file.file_name().map(ToOwned::to_owned);
    let handler = move |event: notify::Result<Event>| {
        let concerned = match &event {
            Ok(event) => {
                !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == name.as_deref())
            }
            // What was missed cannot be known, so it counts as a change.
            Err(error) => {
                tracing::warn!(%error, "watching the data folder failed");
                true
            }
        };
        if concerned && let Err(mpsc::error::TrySendError::Closed(())) = noticed.try_send(()) {
            // A full channel holds a signal already; a closed one has nobody left to tell.
            tracing::debug!("the configuration changed while stopping");
        }
    };
    let failed = |error: &notify::Error| {
        AppError::new(ErrorCode::DataFolderUnusable, format!("the data folder cannot be watched: {error}"))
    };
    let native = RecommendedWatcher::new(handler.clone(), Config::default())
        .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::NonRecursive).map(|()| watcher));
    match native {
        Ok(watcher) => Ok(Box::new(watcher)),
        Err(error) => {
            tracing::debug!(%error, "the system tells of no changes; looking every {WATCH_INTERVAL:?}");
            let mut watcher = PollWatcher::new(handler, Config::default().with_poll_interval(WATCH_INTERVAL))
                .map_err(|error| failed(&error))?;
            watcher.watch(file, RecursiveMode::NonRecursive).map_err(|error| failed(&error))?;
            Ok(Box::new(watcher))
        }
    }
}
