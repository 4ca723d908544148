//! What systemd is told, where it started the program (`Type=notify`).

use filbench_daemon::Daemon;
use sd_notify::NotifyState;

/// Tells the service manager; elsewhere nobody listens.
pub fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "systemd was not told how the daemon stands");
    }
}

/// Tells a watchdog, if there is one, that the daemon works: that its store answers.
pub async fn watch(daemon: Daemon) {
    let Some(deadline) = sd_notify::watchdog_enabled() else { return };
    let mut half = tokio::time::interval(deadline / 2);
    loop {
        half.tick().await;
        if daemon.store().ping().await.is_ok() {
            tell(NotifyState::Watchdog);
        }
    }
}
