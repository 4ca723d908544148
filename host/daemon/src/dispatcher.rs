//! Begins runs, as many as may be under way.

use crate::daemon::Inner;
use crate::run::{self, Stop};
use filbench_model::with_causes;
use filbench_model::{Fault, FaultPlace};
use filbench_store::{Claimed, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often the queue is looked at without being told to: evaluations wait for their time.
const LOOK: Duration = Duration::from_millis(500);

/// Runs until the daemon drains and the last run has ended.
pub(crate) async fn dispatch(inner: Arc<Inner>) {
    let mut runs = JoinSet::new();
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if inner.is_draining() {
            if runs.is_empty() {
                return;
            }
        } else if let Err(error) = fill(&inner, &mut runs).await {
            tracing::error!(error = with_causes(&error), "no run can begin; trying again");
            tokio::time::sleep(LOOK).await;
        }
        tokio::select! {
            () = inner.wake.notified() => {}
            Some(ended) = runs.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(error = with_causes(&error), "a run's keeper ended badly");
                }
            }
            _ = look.tick() => {}
        }
    }
}

/// Begins runs until enough are under way or nobody waits.
async fn fill(inner: &Arc<Inner>, runs: &mut JoinSet<()>) -> Result<(), StoreError> {
    let jobs = inner.config.jobs();
    while runs.len() < jobs {
        let waiting = inner.store.waiting().await?;
        let Some(first) = waiting.first() else { return Ok(()) };
        let equals = waiting.iter().filter(|waiting| waiting.priority == first.priority);
        let now = inner.store.now_ms();
        let owner = inner
            .shares()
            .next(equals.map(|waiting| waiting.owner.as_str()), now)
            .map(str::to_owned)
            .unwrap_or_default();
        let Some((claimed, event)) = inner.store.claim(&owner, first.priority, inner.epoch).await?
        else {
            continue;
        };
        inner.shares().begin(&owner, now);
        inner.hub.tell(event);
        let stop = inner.watch(&claimed.evaluation.id);
        runs.spawn(keep(Arc::clone(inner), claimed, stop));
    }
    Ok(())
}

/// Sees to it that a run that panics is not the evaluation's last.
async fn keep(inner: Arc<Inner>, claimed: Claimed, stop: watch::Receiver<Stop>) {
    let (id, owner) = (claimed.evaluation.id.clone(), claimed.evaluation.owner.clone());
    // It may have been cancelled before anybody could be told.
    if matches!(inner.store.evaluation(&id).await, Ok(row) if row.cancel_asked) {
        inner.stop_one(&id, Stop::Cancel);
    }
    let running = tokio::spawn(run::run(Arc::clone(&inner), claimed.clone(), stop));
    if let Err(error) = running.await {
        let fault = Fault::new(
            FaultPlace::Host,
            format!("a part of filbench panicked ({error}); please report it"),
        );
        tracing::error!(evaluation.id = %id, %fault, "a run ended badly");
        let row = &claimed.evaluation;
        let failed = run::failed_runs(&inner, row).await + 1;
        let due = inner.store.now_ms() + inner.pause(failed);
        let ended = if failed < inner.config.limits.runs {
            inner.store.requeue(&id, &claimed.run, Some(&fault), due).await
        } else {
            inner.store.judge(&id, &claimed.run, &run::failed(row, fault)).await
        };
        match ended {
            Ok(Some(event)) => inner.hub.tell(event),
            Ok(None) => {}
            Err(error) => tracing::error!(
                error = with_causes(&error),
                "its evaluation waits for the next start"
            ),
        }
    }
    inner.shares().end(&owner);
    inner.unwatch(&id);
}
