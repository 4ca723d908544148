//! The queue: order, fair shares, cancelling, deadlines, draining, breakdowns.

use crate::common::Lab;
use filbench_daemon::DaemonError;
use filbench_results::Record;
use filbench_store::State;
use std::time::Duration;

#[tokio::test]
async fn an_evaluation_goes_through() {
    let lab = Lab::new(&["b1"], 2).await;
    let ids = lab.submit(&["good"]).await;
    let (row, events) = lab.ended(&ids[0]).await;
    assert_eq!((row.outcome.as_deref(), row.runs), (Some("pass"), 1));
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["queued", "started", "ended"]);
    let record = lab.store().blob(&row.record.unwrap()).await.unwrap().unwrap();
    let record: Record = serde_json::from_slice(&record).unwrap();
    assert_eq!((record.problem.as_str(), record.sample.as_str()), ("p", "good"));
    assert_eq!(record.report.board.unwrap().id, "b1");
    assert!(lab.world.loaded().is_empty());
    assert_eq!(lab.store().active_leases().await.unwrap(), []);
    let snapshot = lab.daemon.snapshot().await.unwrap();
    assert_eq!((snapshot.evaluations.ended, snapshot.boards["free"]), (1, 1));
}

#[tokio::test]
async fn priority_goes_first_then_who_had_least() {
    let lab = Lab::new(&["b1"], 1).await;
    let first = lab.submit(&["wait"]).await;
    lab.until(&first[0], "started").await;
    let batch = lab.submit(&["a1", "a2", "a3"]).await;
    let other = lab.submit_as("b", &["b1", "b2"], |_| {}).await;
    let urgent = lab.submit_as("a", &["urgent"], |evaluation| evaluation.priority = 5).await;
    lab.world.gate.notify_one();
    for id in [batch, other, urgent].iter().flatten() {
        lab.ended(id).await;
    }
    let loads = lab.world.loads();
    let order: Vec<&str> = loads.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(order, ["wait", "urgent", "b1", "b2", "a1", "a2", "a3"]);
}

#[tokio::test]
async fn a_cancelled_one_ends_wherever_it_is() {
    let lab = Lab::new(&["b1"], 1).await;
    let ids = lab.submit(&["wait", "good"]).await;
    lab.until(&ids[0], "started").await;
    assert!(lab.daemon.cancel(&ids[1]).await.unwrap());
    assert!(lab.daemon.cancel(&ids[0]).await.unwrap());
    for id in &ids {
        let (row, events) = lab.ended(id).await;
        assert_eq!((row.state, row.ending.as_deref()), (State::Ended, Some("cancelled")));
        assert_eq!(events.last().unwrap().data["ending"], "cancelled");
        assert!(!lab.daemon.cancel(id).await.unwrap());
    }
    // The board is as free as before.
    let next = lab.submit(&["next"]).await;
    assert_eq!(lab.ended(&next[0]).await.0.outcome.as_deref(), Some("pass"));
}

#[tokio::test]
async fn what_is_not_ready_in_time_ends() {
    let lab = Lab::new(&["b1"], 1).await;
    let deadline = lab.store().now_ms() + 5000;
    let ids = lab.submit_as("a", &["wait", "good"], |e| e.deadline_ms = Some(deadline)).await;
    lab.until(&ids[0], "started").await;
    lab.clock.forward(Duration::from_secs(6));
    lab.daemon.tick().await.unwrap();
    for id in &ids {
        assert_eq!(lab.ended(id).await.0.ending.as_deref(), Some("deadline"));
    }
}

#[tokio::test]
async fn a_daemon_that_ends_hands_back_what_the_next_one_does() {
    let mut lab = Lab::new(&["b1"], 1).await;
    let ids = lab.submit(&["wait", "good"]).await;
    lab.until(&ids[0], "started").await;
    lab.daemon.drain(Duration::ZERO).await;
    assert!(!lab.daemon.is_ready().await);
    lab.again().await;
    assert!(lab.daemon.is_ready().await);
    lab.world.gate.notify_one();
    let (row, events) = lab.ended(&ids[0]).await;
    assert_eq!((row.outcome.as_deref(), row.runs), (Some("pass"), 2));
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["queued", "started", "requeued", "started", "ended"]);
    assert_eq!(lab.store().runs(&ids[0]).await.unwrap()[0].ending.as_deref(), Some("handed_back"));
    assert_eq!(lab.ended(&ids[1]).await.0.runs, 1);
}

#[tokio::test]
async fn a_run_that_breaks_down_is_no_judgement() {
    let lab = Lab::new(&["b1"], 1).await;
    let ids = lab.submit(&["panic", "good"]).await;
    let (row, _) = lab.ended(&ids[0]).await;
    assert_eq!((row.outcome.as_deref(), row.stage.as_deref()), (Some("fault"), Some("host")));
    assert_eq!(row.runs, lab.config.limits.runs);
    assert_eq!(lab.ended(&ids[1]).await.0.outcome.as_deref(), Some("pass"));
}

#[tokio::test]
async fn a_board_that_is_not_here_is_told_at_once() {
    let lab = Lab::new(&["b1"], 1).await;
    for selector in ["id:b1", "tag:fast", "icebreaker", "virtual:icebreaker"] {
        lab.daemon.check_selector(selector).unwrap();
        let ids = lab.submit_as("a", &["good"], |e| e.board = selector.to_owned()).await;
        assert_eq!(lab.ended(&ids[0]).await.0.outcome.as_deref(), Some("pass"), "{selector}");
    }
    for selector in ["id:b2", "tag:slow", "icebreaker,id:b2", "teapot"] {
        let error = lab.daemon.check_selector(selector).unwrap_err();
        assert!(matches!(error, DaemonError::NoSuchBoard { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("icebreaker, id:b1, tag:fast"), "{text}");
    }
}
