//! A daemon among fakes.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use filbench_daemon::testing::{FakeEvaluator, FakeShelf, Hand, World};
use filbench_daemon::{
    BoardConfig, BoardStatus, Candidate, Daemon, DaemonConfig, EvaluationOptions, Limits, Live,
};
use filbench_stimulus::{PassMark, ProblemFiles, SourceText};
use filbench_store::{
    Clock, EvaluationId, EvaluationRow, EventScope, Filter, NewEvaluation, NewSubmission, Reader,
    Retention, Store, StoredEvent, SubmissionId, Submitted,
};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A daemon among fakes.
pub struct Lab {
    pub dir: TempDir,
    pub clock: Arc<Hand>,
    pub world: Arc<World>,
    pub config: DaemonConfig,
    pub daemon: Daemon,
}

impl Lab {
    /// With boards of these names, all of one kind, and so many evaluations under way.
    pub async fn new(boards: &[&str], jobs: usize) -> Self {
        let board = |name: &&str| BoardConfig {
            name: (*name).to_owned(),
            kind: "icebreaker".to_owned(),
            tags: vec!["fast".to_owned()],
        };
        let config = DaemonConfig {
            boards: boards.iter().map(board).collect(),
            workers: NonZeroUsize::MIN,
            slots: NonZeroUsize::MIN,
            jobs: NonZeroUsize::new(jobs),
            limits: Limits { retry_after: Duration::ZERO, ..Limits::default() },
            retention: Retention::default(),
        };
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand::at(1_000_000));
        let world = Arc::new(World::default());
        let daemon = start(&dir, &clock, &world, &config).await;
        Self { dir, clock, world, config, daemon }
    }

    /// Another daemon on the same store.
    pub async fn again(&mut self) {
        self.daemon = start(&self.dir, &self.clock, &self.world, &self.config).await;
    }

    pub fn store(&self) -> &Store {
        self.daemon.store()
    }

    /// Submits candidates, each of which is its text.
    pub async fn submit_as(
        &self,
        owner: &str,
        texts: &[&str],
        change: impl Fn(&mut NewEvaluation),
    ) -> Vec<EvaluationId> {
        let file = |name: &str, text: &str| SourceText {
            name: name.to_owned(),
            contents: text.as_bytes().to_vec(),
        };
        let problem = ProblemFiles::from_test_bench(
            "p",
            "top",
            vec![file("golden.v", "module golden; endmodule")],
            "golden",
            vec![file("tb.v", "module tb; top top(); endmodule")],
            PassMark::NoMismatches,
        );
        let json = serde_json::to_vec(&problem).unwrap();
        let problem = self.store().put_blob(json).await.unwrap();
        let mut evaluations = Vec::new();
        for text in texts {
            let candidate = Candidate { top: None, files: vec![file("c.v", text)] };
            let json = serde_json::to_vec(&candidate).unwrap();
            let mut evaluation = NewEvaluation {
                problem: problem.clone(),
                problem_name: "p".to_owned(),
                sample: (*text).to_owned(),
                candidate: self.store().put_blob(json).await.unwrap(),
                board: "icebreaker".to_owned(),
                tier: "board".to_owned(),
                options: serde_json::to_value(EvaluationOptions::default()).unwrap(),
                priority: 0,
                deadline_ms: None,
            };
            change(&mut evaluation);
            evaluations.push(evaluation);
        }
        let new = NewSubmission {
            owner: owner.to_owned(),
            idempotency: None,
            label: None,
            shared: false,
            evaluations,
        };
        let Submitted::Created(row) = self.daemon.submit(&new).await.unwrap() else {
            panic!("it is new")
        };
        self.rows(&row.id).await.into_iter().map(|row| row.id).collect()
    }

    pub async fn submit(&self, texts: &[&str]) -> Vec<EvaluationId> {
        self.submit_as("a", texts, |_| {}).await
    }

    pub async fn rows(&self, submission: &SubmissionId) -> Vec<EvaluationRow> {
        let filter = Filter { submission: Some(submission.clone()), ..Filter::default() };
        self.store().evaluations(&Reader::All, &filter, 5000).await.unwrap()
    }

    /// Waits for the end of an evaluation; its row and all its events.
    pub async fn ended(&self, id: &EvaluationId) -> (EvaluationRow, Vec<StoredEvent>) {
        let mut stream = self.daemon.subscribe(EventScope::Evaluation(id.clone()), 0);
        let mut events: Vec<StoredEvent> = Vec::new();
        while let Some(event) = stream.next().await.unwrap() {
            if let Live::Stored(event) = event {
                assert!(events.last().is_none_or(|last| last.id < event.id));
                events.push(event);
            }
        }
        assert_eq!(events.iter().filter(|event| event.is_last()).count(), 1, "{events:?}");
        (self.store().evaluation(id).await.unwrap(), events)
    }

    /// Waits until an event of this kind has come to the evaluation.
    pub async fn until(&self, id: &EvaluationId, kind: &str) {
        let mut stream = self.daemon.subscribe(EventScope::Evaluation(id.clone()), 0);
        while let Some(event) = stream.next().await.unwrap() {
            if matches!(event, Live::Stored(event) if event.kind == kind) {
                return;
            }
        }
        panic!("{id} ended without `{kind}`");
    }

    /// Waits until something holds of a board.
    pub async fn board_is(&self, name: &str, holds: impl Fn(&BoardStatus) -> bool) -> BoardStatus {
        loop {
            let boards = self.daemon.boards().await.unwrap();
            let board = boards.into_iter().find(|board| board.name == name).unwrap();
            if holds(&board) {
                return board;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a board has passed a test, whenever that is due.
    pub async fn is_back(&self, name: &str) {
        loop {
            self.clock.forward(self.config.limits.test_after);
            self.daemon.tick().await.unwrap();
            let boards = self.daemon.boards().await.unwrap();
            let board = boards.into_iter().find(|board| board.name == name).unwrap();
            if board.reason.is_none() {
                return;
            }
        }
    }

    /// Loads by board.
    pub fn loads_by_board(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (board, _) in self.world.loads() {
            *counts.entry(board).or_default() += 1;
        }
        counts
    }
}

async fn start(
    dir: &TempDir,
    clock: &Arc<Hand>,
    world: &Arc<World>,
    config: &DaemonConfig,
) -> Daemon {
    let store =
        Store::open_with_clock(&dir.path().join("store"), Arc::clone(clock) as Arc<dyn Clock>)
            .await
            .unwrap();
    let evaluator = Arc::new(FakeEvaluator(Arc::clone(world)));
    let shelf = Arc::new(FakeShelf(Arc::clone(world)));
    Daemon::start_with(config.clone(), store, evaluator, shelf).await.unwrap()
}
