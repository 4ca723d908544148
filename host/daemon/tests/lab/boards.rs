//! Boards that fail, boards that people have.

use crate::common::Lab;
use filbench_daemon::{BoardState, DaemonError};
use filbench_store::{LeaseEnd, StoreError};
use std::time::Duration;

#[tokio::test]
async fn a_board_that_fails_costs_nothing_and_comes_back_when_it_passes() {
    let lab = Lab::new(&["b1", "b2"], 1).await;
    lab.world.set_broken("b1", true);
    let texts: Vec<String> = (0..4).map(|n| format!("good {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for id in lab.submit(&texts).await {
        let (row, _) = lab.ended(&id).await;
        assert_eq!((row.outcome.as_deref(), row.runs), (Some("pass"), 1));
    }
    // Three plays began there; after that nobody gets it, and it failed its first test.
    let board = lab.board_is("b1", |b| b.state == BoardState::Quarantined).await;
    assert!(board.reason.unwrap().contains("b1 is silent"));
    let plays = |board: &str| {
        let loads = lab.world.loads();
        loads.iter().filter(|(name, text)| name == board && text.contains("good ")).count()
    };
    assert_eq!((plays("b1"), plays("b2")), (3, 4));
    lab.daemon.tick().await.unwrap();
    let board = lab.board_is("b1", |b| b.reason.as_ref().unwrap().contains("test:")).await;
    let due = board.next_test_ms.unwrap();
    assert!(due > lab.store().now_ms());

    lab.world.set_broken("b1", false);
    lab.clock.forward(lab.config.limits.test_after);
    lab.daemon.tick().await.unwrap();
    lab.board_is("b1", |b| b.state == BoardState::Free && b.faults == 0).await;
    let only = lab.submit_as("a", &["good again"], |e| e.board = "id:b1".to_owned()).await;
    assert_eq!(lab.ended(&only[0]).await.0.outcome.as_deref(), Some("pass"));
}

#[tokio::test]
async fn a_fault_that_follows_the_bitstream_is_charged_to_no_board() {
    let lab = Lab::new(&["b1", "b2", "b3"], 1).await;
    let ids = lab.submit(&["poison"]).await;
    let (row, events) = lab.ended(&ids[0]).await;
    assert_eq!(row.outcome.as_deref(), Some("inconclusive"));
    assert_eq!((row.stage.as_deref(), row.runs), (Some("unjudgeable"), 1));
    let reason = row.reason.unwrap();
    assert!(reason.contains("b1 is upset") && reason.contains("b2 is upset"), "{reason}");
    assert_eq!(events.iter().filter(|event| event.kind == "retrying").count(), 2);
    for board in lab.daemon.boards().await.unwrap() {
        assert_eq!((board.state, board.faults), (BoardState::Free, 0), "{}", board.name);
    }
    let tested: Vec<_> =
        lab.world.loads().into_iter().filter(|(_, text)| text == "known good").collect();
    assert_eq!(tested.len(), 2);
}

#[tokio::test]
async fn two_broken_boards_are_no_excuse_for_a_bitstream() {
    let lab = Lab::new(&["b1", "b2", "b3"], 1).await;
    lab.world.set_broken("b1", true);
    lab.world.set_broken("b2", true);
    let ids = lab.submit(&["good"]).await;
    let (row, _) = lab.ended(&ids[0]).await;
    assert_eq!((row.outcome.as_deref(), row.runs), (Some("pass"), 2));
    // The first suspect failed its test, which puts it out of service at once.
    lab.board_is("b1", |b| b.state == BoardState::Quarantined).await;
}

#[tokio::test]
async fn plays_wait_for_the_only_board_to_come_back() {
    let lab = Lab::new(&["b1"], 1).await;
    lab.world.set_broken("b1", true);
    let ids = lab.submit(&["good"]).await;
    lab.until(&ids[0], "requeued").await;
    // The third failure puts it into quarantine, so the second play of the second run waits.
    lab.board_is("b1", |b| b.state == BoardState::Quarantined).await;
    lab.world.set_broken("b1", false);
    lab.is_back("b1").await;
    let (row, _) = lab.ended(&ids[0]).await;
    assert_eq!(row.outcome.as_deref(), Some("pass"));
}

#[tokio::test]
async fn a_lab_that_keeps_failing_is_a_fault_in_the_end() {
    let mut lab = Lab::new(&["b1"], 1).await;
    lab.config.limits.faults = 100;
    lab.daemon.drain(Duration::ZERO).await;
    lab.again().await;
    lab.world.set_broken("b1", true);
    let ids = lab.submit(&["good"]).await;
    let (row, events) = lab.ended(&ids[0]).await;
    assert_eq!((row.outcome.as_deref(), row.stage.as_deref()), (Some("fault"), Some("link")));
    assert_eq!((row.runs, lab.world.loads().len()), (3, 6));
    let again = events.iter().filter(|event| event.kind == "requeued");
    assert!(again.clone().all(|event| event.data["why"] == "fault"));
    assert_eq!(again.count(), 2);
    assert_eq!(lab.daemon.snapshot().await.unwrap().faulty_runs, 3);
}

#[tokio::test]
async fn a_delayed_client_finds_its_lease_gone() {
    let lab = Lab::new(&["b1"], 1).await;
    let (daemon, minute) = (&lab.daemon, Some(Duration::from_secs(60)));
    let first = daemon.lease("icebreaker", "alice", minute, None).await.unwrap();
    daemon.program(&first.id, first.generation, b"hers").await.unwrap();
    daemon.uart_write(&first.id, first.generation, b"hello".to_vec()).await.unwrap();
    let echo = daemon.uart_read(&first.id, first.generation, 0, 100, Duration::from_secs(5)).await;
    assert_eq!(echo.unwrap().bytes, b"hello");
    lab.clock.forward(Duration::from_secs(50));
    daemon.extend(&first.id, first.generation, minute).await.unwrap();
    lab.clock.forward(Duration::from_secs(50));
    daemon.tick().await.unwrap();
    lab.board_is("b1", |b| b.state == BoardState::Leased).await;

    // Now she is held up for longer than her lease. Nobody has noticed yet.
    lab.clock.forward(Duration::from_secs(61));
    let stale = |error: DaemonError| {
        assert!(matches!(error, DaemonError::Store(StoreError::StaleLease { .. })), "{error}");
    };
    stale(daemon.program(&first.id, first.generation, b"late").await.unwrap_err());
    daemon.tick().await.unwrap();
    assert!(lab.world.loaded().is_empty());
    let second = daemon.lease("id:b1", "bob", minute, None).await.unwrap();
    assert_eq!(second.generation, first.generation + 1);
    stale(daemon.program(&first.id, first.generation, b"late").await.unwrap_err());
    stale(daemon.program(&second.id, first.generation, b"late").await.unwrap_err());
    stale(daemon.uart_write(&first.id, first.generation, vec![1]).await.unwrap_err());
    stale(daemon.extend(&first.id, first.generation, minute).await.unwrap_err());
    let error = daemon.uart_write(&second.id, second.generation, vec![1]).await.unwrap_err();
    assert!(matches!(error, DaemonError::NotProgrammed { .. }), "{error}");
    assert!(lab.world.loads().iter().all(|(_, text)| text != "late"));
    daemon.release(&second.id, LeaseEnd::Released).await.unwrap();
    lab.board_is("b1", |b| b.state == BoardState::Free).await;
}

#[tokio::test]
async fn plays_wait_while_somebody_has_the_board() {
    let mut lab = Lab::new(&["b1"], 2).await;
    let lease = lab.daemon.lease("icebreaker", "alice", None, None).await.unwrap();
    let ids = lab.submit(&["good"]).await;
    lab.until(&ids[0], "started").await;
    assert_eq!(lab.world.loads(), []);
    // She has it still when the daemon begins anew.
    lab.daemon.drain(Duration::ZERO).await;
    lab.again().await;
    let found = lab.board_is("b1", |b| b.state == BoardState::Leased).await;
    assert_eq!(found.lease.unwrap().id, lease.id);
    lab.until(&ids[0], "started").await;
    lab.daemon.release(&lease.id, LeaseEnd::Revoked).await.unwrap();
    assert_eq!(lab.ended(&ids[0]).await.0.outcome.as_deref(), Some("pass"));
    let error =
        lab.daemon.lease("icebreaker", "bob", Some(Duration::ZERO), None).await.unwrap_err();
    assert!(matches!(error, DaemonError::LeaseTime { .. }), "{error}");
}

#[tokio::test]
async fn a_board_taken_out_of_service_waits_to_be_tested() {
    let lab = Lab::new(&["b1", "b2"], 1).await;
    lab.daemon.quarantine("b1", "its cable is loose").await.unwrap();
    lab.daemon.tick().await.unwrap();
    let texts = ["one", "two", "three"];
    for id in lab.submit(&texts).await {
        lab.ended(&id).await;
    }
    assert_eq!(lab.loads_by_board().get("b1"), None);
    let board = lab.board_is("b1", |b| b.state == BoardState::Quarantined).await;
    assert_eq!(board.reason.as_deref(), Some("its cable is loose"));
    // Whoever mends it asks for it by name.
    let lease = lab.daemon.lease("id:b1", "alice", None, None).await.unwrap();
    lab.daemon.release(&lease.id, LeaseEnd::Released).await.unwrap();
    lab.daemon.test_board("b1").await.unwrap();
    lab.daemon.tick().await.unwrap();
    lab.board_is("b1", |b| b.state == BoardState::Free).await;
    assert!(lab.daemon.quarantine("b9", "").await.is_err());
}
