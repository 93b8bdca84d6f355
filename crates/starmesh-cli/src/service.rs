//! What the service manager that started the program wants to hear (`sd_notify(3)`). Where none listens nothing is
//! said.

#[cfg(target_os = "linux")]
pub(crate) use linux::{keep_alive, ready, stopping};
#[cfg(not(target_os = "linux"))]
pub(crate) use silent::{keep_alive, ready, stopping};

#[cfg(target_os = "linux")]
mod linux {
    use sd_notify::NotifyState;

    /// It runs: whoever waits for it may go on.
    pub(crate) fn ready() {
        tell(NotifyState::Ready);
    }

    /// It finishes what is under way and ends.
    pub(crate) fn stopping() {
        tell(NotifyState::Stopping);
    }

    /// Tells every now and then that it is alive, if that is asked for. It never ends, and it is silent while the
    /// program is stuck.
    pub(crate) async fn keep_alive() {
        let Some(patience) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
        // Twice as often as has to be, as sd_watchdog_enabled(3) advises.
        let mut beats = tokio::time::interval(patience / 2);
        loop {
            beats.tick().await;
            tell(NotifyState::Watchdog);
        }
    }

    fn tell(state: NotifyState<'_>) {
        if let Err(error) = sd_notify::notify(&[state]) {
            tracing::warn!(%error, "the service manager could not be told");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod silent {
    pub(crate) fn ready() {}

    pub(crate) fn stopping() {}

    pub(crate) async fn keep_alive() {
        std::future::pending().await
    }
}
