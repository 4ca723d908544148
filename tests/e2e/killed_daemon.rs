//! A daemon that is killed at random moments under load: whatever it acknowledged ends
//! exactly once, no lease outlives its time, the store is sound, and nothing keeps running.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::daemon::Daemon;
use common::processes::nothing_runs;
use common::{candidate, problem};
use filbench_api::types::{
    EvaluationOptions, EvaluationRequest, LeaseRequest, ProblemRef, ProblemSource, SentFile,
    SubmissionId, SubmitRequest, Tier,
};
use filbench_client::{Client, ClientError, Subject, fresh_key};
use filbench_store::{EventScope, Filter, Reader, State, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// The moments are others with another seed, the same with the same.
const SEED: u64 = 20_260_117;
/// A kill comes so long after the start at most.
const LATEST: Duration = Duration::from_millis(4000);
/// How long what was submitted before a kill may take to end once nobody kills any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the leases of this test last unless extended, which nobody does.
const LEASE_S: u64 = 2;

const PROBLEMS: [&str; 2] = ["filbench-small/Prob001_mux", "filbench-small/Prob002_dff"];

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }
}

/// A few candidates of both problems, some for the board, some for synthesis alone.
fn load(tier: Tier, reuse: bool) -> SubmitRequest {
    let mut request = SubmitRequest::default();
    for name in PROBLEMS {
        let located = filbench_stimulus::locate(&problem(name)).unwrap();
        request.problems.insert(name.into(), ProblemSource::Located(Box::new(located)));
        let right = std::fs::read(candidate(name, "right")).unwrap();
        let evaluation = EvaluationRequest {
            tier: Some(tier),
            options: Some(EvaluationOptions { reuse, ..EvaluationOptions::default() }),
            ..EvaluationRequest::new(
                ProblemRef::Key(name.into()),
                vec![SentFile::new("TopModule.sv", right)],
            )
        };
        request.evaluations.push(evaluation);
    }
    request
}

/// What was acknowledged, so far.
type Acknowledged = Arc<Mutex<Vec<SubmissionId>>>;

/// Submits and takes leases until it is aborted. A request is given up when the daemon is
/// killed: what it acknowledged counts, nothing else.
async fn keep_busy(client: Client, acknowledged: Acknowledged) {
    let mut turn = 0_u32;
    loop {
        let tier = if turn.is_multiple_of(3) { Tier::Board } else { Tier::Synth };
        turn += 1;
        let key = fresh_key();
        if let Ok(view) = client.submit(&load(tier, turn.is_multiple_of(2)), &key).await {
            acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(view.summary.id);
        }
        let board = "virtual:ice40_hx8k_b_evn".to_owned();
        let request = LeaseRequest { board, ttl_s: Some(LEASE_S), wait_s: Some(0) };
        // Most often nothing is free, or nobody is there.
        let _: Result<_, ClientError> = client.take(&request).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Kills a daemon so often, and looks at what is left.
fn survives(kills: u32) {
    let mut random = Random(SEED);
    let mut daemon = Daemon::prepare();
    let runtime = Runtime::new().unwrap();
    let acknowledged = Acknowledged::default();
    for kill in 1..=kills {
        daemon.start_again();
        let client = daemon.client(None);
        let busy = runtime.spawn(keep_busy(client, acknowledged.clone()));
        let after = Duration::from_millis(random.below(LATEST.as_millis() as u64));
        std::thread::sleep(after);
        let session = daemon.session();
        daemon.kill();
        let when = format!("kill {kill}, {after:?} after the start");
        busy.abort();
        nothing_runs(session, &when);
        is_sound(&daemon, &when);
    }
    daemon.start_again();
    let ids = acknowledged.lock().unwrap().clone();
    assert!(!ids.is_empty(), "nothing was acknowledged between {kills} kills");
    runtime.block_on(async {
        let cut_short = all_end(&daemon.client(None), &ids, PATIENCE * (kills + 1)).await;
        assert!(cut_short > 0, "{kills} kills, and none hit a run");
        no_board_is_leased(&daemon.client(None)).await;
    });
    assert_eq!(daemon.stop(), Some(0), "{}", daemon.log());
    is_sound(&daemon, "after the end");
    runtime.block_on(once(&daemon, &ids));
}

/// The store is checked as a person would: integrity, references, blobs, ends.
fn is_sound(daemon: &Daemon, when: &str) {
    let mut command: Command = daemon.bench.command(["store", "check", "--data"]);
    let output = command.arg(daemon.data()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{when}: {said}");
}

/// How many runs the kills cut short.
async fn all_end(client: &Client, ids: &[SubmissionId], patience: Duration) -> usize {
    let deadline = Instant::now() + patience;
    let mut cut_short = 0;
    for id in ids {
        let mut events = client.events(Subject::Submission(id.clone()), 0);
        let mut ended = BTreeMap::<_, u32>::new();
        while let Some(event) =
            tokio::time::timeout(deadline.saturating_duration_since(Instant::now()), events.next())
                .await
                .unwrap_or_else(|_| panic!("{id} does not end"))
                .unwrap()
        {
            cut_short += usize::from(event.kind == "requeued" && event.data["why"] == "lost");
            if event.is_last() {
                *ended.entry(event.evaluation).or_default() += 1;
            }
        }
        assert_eq!(ended.len(), PROBLEMS.len(), "{id}");
        assert!(ended.values().all(|times| *times == 1), "{id}: {ended:?}");
        // Nothing of the lab's trouble got into a verdict.
        let lines = client.results(id).await.unwrap();
        let records = filbench_results::read_jsonl(&lines[..]).unwrap().records;
        let verdicts: BTreeSet<String> =
            records.iter().map(|record| record.report.verdict.to_string()).collect();
        assert_eq!(records.len(), PROBLEMS.len(), "{id}");
        let is_right =
            |verdict: &String| ["pass", "inconclusive (not_played)"].contains(&&**verdict);
        assert!(verdicts.iter().all(is_right), "{id}: {verdicts:?}");
    }
    cut_short
}

/// Nobody extended the leases, so they are over by now; leases for plays ended with them.
async fn no_board_is_leased(client: &Client) {
    let deadline = Instant::now() + Duration::from_secs(LEASE_S + 2);
    loop {
        let boards = client.boards().await.unwrap();
        let leased: Vec<_> = boards.iter().filter(|board| board.lease.is_some()).collect();
        if leased.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{leased:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// By the store itself: no evaluation is left over, and each has one end.
async fn once(daemon: &Daemon, ids: &[SubmissionId]) {
    let store = Store::open_existing(daemon.data()).await.unwrap();
    for id in ids {
        let filter = Filter { submission: Some(id.clone()), ..Filter::default() };
        for row in store.evaluations(&Reader::All, &filter, 10).await.unwrap() {
            assert_eq!(row.state, State::Ended, "{}", row.id);
            let scope = EventScope::Evaluation(row.id.clone());
            let events = store.events(&scope, 0, 10_000).await.unwrap();
            assert_eq!(events.iter().filter(|event| event.is_last()).count(), 1, "{}", row.id);
            assert!(events.last().unwrap().is_last(), "{}", row.id);
        }
    }
    store.close().await;
}

#[test]
fn a_daemon_that_is_killed_loses_nothing() {
    survives(3);
}

/// Takes six minutes: `cargo test --test killed_daemon -- --ignored`.
#[test]
#[ignore = "takes six minutes"]
fn a_daemon_that_is_killed_fifty_times_loses_nothing() {
    survives(50);
}
