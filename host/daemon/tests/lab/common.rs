//! A lab of fakes: boards that fail as they are told, and an evaluator that plays without
//! tools. What is "played" is the text of the candidate.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use async_trait::async_trait;
use filbench_daemon::{
    BoardConfig, BoardStatus, Candidate, Daemon, DaemonConfig, EvaluationOptions, Evaluator,
    Judging, Limits, Live, Shelf,
};
use filbench_lab::{Link, Place, Selector, Timing};
use filbench_model::{BoardRecord, Fault, FaultPlace, MeasuredOn, Verdict};
use filbench_run::{Evaluation, Event, Table, verdict_report};
use filbench_stimulus::{PassMark, ProblemFiles, SourceText};
use filbench_store::{
    Clock, EvaluationId, EvaluationRow, EventScope, Filter, NewEvaluation, NewSubmission, Reader,
    Retention, Store, StoredEvent, SubmissionId, Submitted,
};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Hand(AtomicI64);

impl Hand {
    pub fn forward(&self, time: Duration) {
        self.0.fetch_add(time.as_millis() as i64, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the lab's boards do, to be changed while they are used.
#[derive(Default)]
pub struct World {
    broken: Mutex<BTreeSet<String>>,
    /// Loads in order: board and what was loaded.
    loads: Mutex<Vec<(String, String)>>,
    /// Boards that are loaded now.
    loaded: Mutex<BTreeSet<String>>,
    /// Lets one play of a candidate that waits go on.
    pub gate: Notify,
}

impl World {
    pub fn set_broken(&self, board: &str, is_broken: bool) {
        let mut broken = self.broken.lock().unwrap();
        if is_broken {
            broken.insert(board.to_owned());
        } else {
            broken.remove(board);
        }
    }

    pub fn loads(&self) -> Vec<(String, String)> {
        self.loads.lock().unwrap().clone()
    }

    pub fn loaded(&self) -> BTreeSet<String> {
        self.loaded.lock().unwrap().clone()
    }
}

struct FakeShelf(Arc<World>);

impl Shelf for FakeShelf {
    fn open(&self, board: &BoardConfig) -> Result<Box<dyn Place>, Fault> {
        Ok(Box::new(FakePlace { world: Arc::clone(&self.0), config: board.clone() }))
    }
}

/// A board that echoes. `poison` upsets any board; a broken one fails with everything.
struct FakePlace {
    world: Arc<World>,
    config: BoardConfig,
}

#[async_trait]
impl Place for FakePlace {
    async fn program(&mut self, bitstream: &[u8]) -> Result<Box<dyn Link>, Fault> {
        let (name, text) = (self.config.name.clone(), String::from_utf8_lossy(bitstream));
        self.world.loads.lock().unwrap().push((name.clone(), text.to_string()));
        assert!(
            self.world.loaded.lock().unwrap().insert(name.clone()),
            "{name} is used twice at a time"
        );
        if self.world.broken.lock().unwrap().contains(&name) {
            return Err(Fault::new(FaultPlace::Link, format!("{name} is silent")));
        }
        if text.contains("poison") {
            return Err(Fault::new(FaultPlace::Firmware, format!("{name} is upset")));
        }
        let (host, mut board) = tokio::io::duplex(4096);
        tokio::spawn(async move {
            let (mut from, mut to) = tokio::io::split(&mut board);
            tokio::io::copy(&mut from, &mut to).await.ok();
        });
        Ok(Box::new(host))
    }

    fn record(&self) -> BoardRecord {
        BoardRecord {
            kind: self.config.kind.clone(),
            device: "up5k".to_owned(),
            package: "sg48".to_owned(),
            id: "fake".to_owned(),
        }
    }

    fn measured_on(&self) -> MeasuredOn {
        MeasuredOn::Virtual
    }

    fn timing(&self) -> Timing {
        Timing { reply: Duration::from_secs(1), quiet: Duration::from_millis(10), attempts: 1 }
    }

    async fn last_words(&mut self) -> Option<String> {
        None
    }

    async fn release(&mut self) {
        self.world.loaded.lock().unwrap().remove(&self.config.name);
    }
}

impl Drop for FakePlace {
    fn drop(&mut self) {
        if let Ok(mut loaded) = self.world.loaded.lock() {
            loaded.remove(&self.config.name);
        }
    }
}

/// Plays as `filbench_run` does: twice at most, each time on a newly loaded board.
struct FakeEvaluator(Arc<World>);

impl FakeEvaluator {
    async fn play(place: &mut dyn Place, text: &str, gate: &Notify) -> Result<(), Fault> {
        place.reserve().await?;
        let mut line = place.program(text.as_bytes()).await?;
        if text.contains("wait") {
            gate.notified().await;
        }
        line.write_all(b"?").await.unwrap();
        let mut answer = [0];
        line.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"?");
        Ok(())
    }
}

#[async_trait]
impl Evaluator for FakeEvaluator {
    async fn judge(
        &self,
        judging: Judging,
        table: Arc<dyn Table>,
        events: mpsc::UnboundedSender<Event>,
    ) -> Evaluation {
        let Judging { submission, options, selector, .. } = judging;
        let text = String::from_utf8(submission.files[0].contents.clone()).unwrap();
        assert!(!text.contains("panic"), "as the candidate asks for");
        let mut place = match table.open(&selector) {
            Ok(place) => place,
            Err(fault) => return verdict_report(&submission, &options, fault.into()),
        };
        let mut played = Ok(());
        for _ in 0..2 {
            played = Self::play(place.as_mut(), &text, &self.0.gate).await;
            place.played(played.as_ref().err());
            place.release().await;
            match &played {
                Ok(()) => break,
                Err(fault) => events.send(Event::Retrying { fault: fault.clone() }).unwrap(),
            }
        }
        let verdict = match played {
            Ok(()) => Verdict::pass("echoed"),
            Err(fault) => fault.into(),
        };
        let mut evaluation = verdict_report(&submission, &options, verdict);
        evaluation.report.board = Some(place.record());
        evaluation
    }

    async fn test_board(&self, table: Arc<dyn Table>, kind: &str) -> Result<(), Fault> {
        let mut place = table.open(&Selector::Kind(kind.to_owned()))?;
        let tested = Self::play(place.as_mut(), "known good", &self.0.gate).await;
        place.release().await;
        tested
    }

    fn stop(&self) {}
}

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
        let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
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
