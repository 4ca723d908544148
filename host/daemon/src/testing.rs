//! A lab of fakes: boards that fail as they are told, and an evaluator that plays without
//! tools. What is "played" is the text of the candidate: `poison` upsets any board, `wait`
//! waits at the gate, `wrong` fails, `panic` panics; everything else passes.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use crate::{BoardConfig, Evaluator, Judging, Shelf};
use async_trait::async_trait;
use filbench_lab::{Link, Place, Selector, Timing};
use filbench_model::{BoardRecord, FailStage, Fault, FaultPlace, MeasuredOn, Verdict};
use filbench_run::{Artifact, Evaluation, Event, Table, verdict_report};
use filbench_store::Clock;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

/// The file that each evaluation makes: the candidate.
pub const ARTIFACT: &str = "bitstream.bin";

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Hand(AtomicI64);

impl Hand {
    /// Shows this time.
    pub fn at(now_ms: i64) -> Self {
        Self(AtomicI64::new(now_ms))
    }

    /// Moves it.
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
    /// Breaks or mends a board.
    pub fn set_broken(&self, board: &str, is_broken: bool) {
        let mut broken = self.broken.lock().unwrap();
        if is_broken {
            broken.insert(board.to_owned());
        } else {
            broken.remove(board);
        }
    }

    /// What was loaded so far.
    pub fn loads(&self) -> Vec<(String, String)> {
        self.loads.lock().unwrap().clone()
    }

    /// Boards that are loaded now.
    pub fn loaded(&self) -> BTreeSet<String> {
        self.loaded.lock().unwrap().clone()
    }
}

/// Boards that echo.
pub struct FakeShelf(pub Arc<World>);

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
        Timing {
            reply: Duration::from_secs(1),
            hello: Duration::from_secs(1),
            gap: Duration::from_secs(1),
            quiet: Duration::from_millis(10),
            attempts: 1,
        }
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
pub struct FakeEvaluator(pub Arc<World>);

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
            Ok(()) if text.contains("wrong") => {
                Verdict::fail(FailStage::Mismatch, "it is written in it")
            }
            Ok(()) => Verdict::pass("echoed"),
            Err(fault) => fault.into(),
        };
        let mut evaluation = verdict_report(&submission, &options, verdict);
        evaluation.report.board = Some(place.record());
        let (name, contents) = (ARTIFACT.to_owned(), text.into_bytes());
        evaluation.artifacts.push(Artifact { name, contents });
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
