//! Boards that die in the middle of a run: the verdict is the same, and the daemon takes
//! the board out of service when it keeps dying, and back when it is mended.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use async_trait::async_trait;
use common::{candidate, context, evaluate, problem};
use filbench_board::Board;
use filbench_daemon::{
    BoardConfig, BoardState, BoardStatus, Candidate, Daemon, DaemonConfig, EvaluationOptions,
    Limits, Live, Shelf, Tools,
};
use filbench_lab::{Link, Place, Timing, VirtualPlace};
use filbench_model::{BoardRecord, Fault, FaultPlace, MeasuredOn};
use filbench_results::Record;
use filbench_run::Options;
use filbench_stimulus::{SourceText, locate};
use filbench_store::{
    EvaluationRow, EventScope, Filter, NewEvaluation, NewSubmission, Reader, Retention, Store,
    StoredEvent, Submitted,
};
use rustix::process::{Pid, Signal, kill_process};
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const FSM: &str = "filbench-small/Prob007_fsm";
/// The board that dies; the other one is honest.
const DYING: &str = "b1";
const HONEST: &str = "b2";

/// How a board dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    /// Its process is killed.
    Killed,
    /// Its cable is pulled out.
    Unplugged,
    /// Every seventh byte has a flipped bit from now on.
    Corrupting,
    /// It stands still, and the cable holds.
    Hung,
}

/// What is wrong with the dying board.
#[derive(Clone, Copy, Debug)]
struct Rig {
    death: Death,
    /// It dies after it has sent so many bytes.
    after: usize,
    /// So many plays, and then it is well.
    plays: usize,
}

struct RiggedShelf {
    rig: Arc<Mutex<Option<Rig>>>,
}

impl Shelf for RiggedShelf {
    fn open(&self, board: &BoardConfig) -> Result<Box<dyn Place>, Fault> {
        let file = Board::load(&board.kind).unwrap();
        let inner = VirtualPlace::new(file, PathBuf::from(env!("CARGO_BIN_EXE_filbench")));
        let rig = (board.name == DYING).then(|| Arc::clone(&self.rig));
        Ok(Box::new(DyingPlace { inner, rig }))
    }
}

struct DyingPlace {
    inner: VirtualPlace,
    rig: Option<Arc<Mutex<Option<Rig>>>>,
}

impl DyingPlace {
    /// What the next play is to suffer.
    fn fate(&self) -> Option<Rig> {
        let mut rig = self.rig.as_ref()?.lock().unwrap();
        let fate = (*rig)?;
        *rig = (fate.plays > 1).then(|| Rig { plays: fate.plays - 1, ..fate });
        Some(fate)
    }
}

#[async_trait]
impl Place for DyingPlace {
    async fn program(&mut self, bitstream: &[u8]) -> Result<Box<dyn Link>, Fault> {
        let link = self.inner.program(bitstream).await?;
        let Some(Rig { death, after, .. }) = self.fate() else { return Ok(link) };
        let process = Pid::from_raw(self.inner.process().unwrap().cast_signed()).unwrap();
        Ok(Box::new(DyingLink { link, process, death, after, sent: 0 }))
    }

    fn record(&self) -> BoardRecord {
        self.inner.record()
    }

    fn measured_on(&self) -> MeasuredOn {
        self.inner.measured_on()
    }

    fn timing(&self) -> Timing {
        // Nobody waits a minute for each of five attempts; a board that hangs has said hello.
        Timing { reply: Duration::from_secs(10), attempts: 2, ..self.inner.timing() }
    }

    async fn last_words(&mut self) -> Option<String> {
        self.inner.last_words().await
    }

    async fn release(&mut self) {
        self.inner.release().await;
    }
}

/// A line that takes its board with it.
struct DyingLink {
    link: Box<dyn Link>,
    process: Pid,
    death: Death,
    after: usize,
    sent: usize,
}

impl DyingLink {
    fn is_dead(&self) -> bool {
        self.sent >= self.after
    }
}

impl AsyncRead for DyingLink {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_dead() && self.death == Death::Unplugged {
            return Poll::Ready(Ok(()));
        }
        let was_dead = self.is_dead();
        let byte = loop {
            let mut byte = [0];
            let mut one = ReadBuf::new(&mut byte);
            ready!(Pin::new(&mut self.link).poll_read(context, &mut one))?;
            let Some(&byte) = one.filled().first() else { return Poll::Ready(Ok(())) };
            self.sent += 1;
            // What a dead board had sent is lost, or a short play would end well.
            if !(was_dead && matches!(self.death, Death::Killed | Death::Hung)) {
                break byte;
            }
        };
        let corrupts = self.death == Death::Corrupting && was_dead && self.sent.is_multiple_of(7);
        buffer.put_slice(&[byte ^ u8::from(corrupts)]);
        if self.is_dead() && !was_dead {
            match self.death {
                Death::Killed => kill_process(self.process, Signal::KILL)?,
                Death::Hung => kill_process(self.process, Signal::STOP)?,
                Death::Unplugged | Death::Corrupting => {}
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for DyingLink {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_dead() && self.death == Death::Unplugged {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.link).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_shutdown(context)
    }
}

/// A daemon with a board that dies and one that does not.
struct Lab {
    daemon: Daemon,
    rig: Arc<Mutex<Option<Rig>>>,
    _dir: TempDir,
}

impl Lab {
    async fn new() -> Self {
        let board = |name: &str| BoardConfig {
            name: name.to_owned(),
            kind: "icebreaker".to_owned(),
            tags: Vec::new(),
        };
        let config = DaemonConfig {
            boards: vec![board(DYING), board(HONEST)],
            workers: NonZeroUsize::MIN,
            slots: NonZeroUsize::MIN,
            jobs: Some(NonZeroUsize::MIN),
            limits: Limits {
                retry_after: Duration::ZERO,
                test_after: Duration::from_millis(500),
                ..Limits::default()
            },
            retention: Retention::default(),
        };
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).await.unwrap();
        let rig = Arc::default();
        let shelf = Arc::new(RiggedShelf { rig: Arc::clone(&rig) });
        let tools = Arc::new(Tools::new(context()));
        let daemon = Daemon::start_with(config, store, tools, shelf).await.unwrap();
        Self { daemon, rig, _dir: dir }
    }

    fn rig(&self, rig: Rig) {
        *self.rig.lock().unwrap() = Some(rig);
    }

    /// Judges a candidate of the FSM, on whatever board is free.
    async fn judge(&self, name: &str) -> (EvaluationRow, Record, Vec<StoredEvent>) {
        let store = self.daemon.store();
        let located = locate(&problem(FSM)).unwrap();
        let contents = std::fs::read(candidate(FSM, name)).unwrap();
        let file = SourceText { name: format!("{name}.sv"), contents };
        let sent = Candidate { top: None, files: vec![file] };
        let evaluation = NewEvaluation {
            problem: store.put_blob(serde_json::to_vec(&located).unwrap()).await.unwrap(),
            problem_name: located.name().to_owned(),
            sample: name.to_owned(),
            candidate: store.put_blob(serde_json::to_vec(&sent).unwrap()).await.unwrap(),
            board: "icebreaker".to_owned(),
            tier: "board".to_owned(),
            // Played, and not remembered.
            options: serde_json::to_value(EvaluationOptions {
                reuse: false,
                ..EvaluationOptions::default()
            })
            .unwrap(),
            priority: 0,
            deadline_ms: None,
        };
        let new = NewSubmission {
            owner: "a".to_owned(),
            idempotency: None,
            label: None,
            shared: false,
            evaluations: vec![evaluation],
        };
        let Submitted::Created(row) = self.daemon.submit(&new).await.unwrap() else {
            panic!("it is new")
        };
        let mut stream = self.daemon.subscribe(EventScope::Submission(row.id.clone()), 0);
        let mut events = Vec::new();
        while let Some(live) = stream.next().await.unwrap() {
            if let Live::Stored(event) = live {
                events.push(event);
            }
        }
        let filter = Filter { submission: Some(row.id), ..Filter::default() };
        let row = store.evaluations(&Reader::All, &filter, 2).await.unwrap().remove(0);
        let record = store.blob(row.record.as_ref().unwrap()).await.unwrap().unwrap();
        (row, serde_json::from_slice(&record).unwrap(), events)
    }

    async fn dying(&self) -> BoardStatus {
        let boards = self.daemon.boards().await.unwrap();
        boards.into_iter().find(|board| board.name == DYING).unwrap()
    }

    /// Waits until something holds of the dying board.
    async fn dying_is(&self, holds: impl Fn(&BoardStatus) -> bool) -> BoardStatus {
        let waited = tokio::time::timeout(Duration::from_secs(120), async {
            loop {
                let board = self.dying().await;
                if holds(&board) {
                    return board;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        waited.await.expect("the board comes to that state")
    }
}

/// What no board may change: everything but where and how long.
fn judgement(record: &Record) -> impl PartialEq + std::fmt::Debug + use<> {
    let report = &record.report;
    (
        report.verdict.clone(),
        report.mismatch.clone(),
        report.checked_samples,
        report.mismatching_samples,
        report.provenance.bitstream_sha256.clone(),
    )
}

#[test]
fn a_board_that_dies_in_a_run_changes_no_verdict() {
    // Recorded and proven before; what dies below is the candidate's play.
    let honest = context();
    for name in ["right", "wrong_level"] {
        evaluate(&honest, &candidate(FSM, name), &problem(FSM), &Options::default());
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let lab = Lab::new().await;
        let (_, right, _) = lab.judge("right").await;
        let (_, wrong, _) = lab.judge("wrong_level").await;
        assert_eq!(right.report.verdict.to_string(), "pass");
        assert_eq!(wrong.report.verdict.to_string(), "fail (mismatch)");
        for (death, after, name, place) in [
            // While it says who it is, and in the middle of the captures.
            (Death::Killed, 5, "right", FaultPlace::Link),
            (Death::Killed, 150, "wrong_level", FaultPlace::Link),
            (Death::Unplugged, 150, "right", FaultPlace::Link),
            (Death::Corrupting, 100, "wrong_level", FaultPlace::Link),
            (Death::Hung, 150, "right", FaultPlace::Link),
        ] {
            lab.rig(Rig { death, after, plays: 1 });
            let (row, record, events) = lab.judge(name).await;
            let unhurt = if name == "right" { &right } else { &wrong };
            assert_eq!(judgement(&record), judgement(unhurt), "{death:?}");
            assert_eq!(row.runs, 1, "{death:?}: the second play of the run did it");
            let retries: Vec<_> = events.iter().filter(|e| e.kind == "retrying").collect();
            assert_eq!(retries.len(), 1, "{death:?}: it did die");
            assert_eq!(
                retries[0].data["fault"]["place"],
                serde_json::to_value(place).unwrap(),
                "{death:?}: {}",
                retries[0].data
            );
            assert_eq!(record.report.board.unwrap().id, HONEST, "{death:?}");
            let board = lab.dying().await;
            assert_eq!((board.state, board.faults), (BoardState::Free, 1), "{death:?}");
            // A play that goes well clears it.
            let (_, record, _) = lab.judge("right").await;
            assert_eq!(record.report.board.unwrap().id, DYING);
            assert_eq!(lab.dying().await.faults, 0);
        }
        lab.daemon.drain(Duration::ZERO).await;
    });
}

#[test]
fn a_board_that_keeps_dying_goes_and_comes_back() {
    evaluate(&context(), &candidate(FSM, "right"), &problem(FSM), &Options::default());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let lab = Lab::new().await;
        lab.rig(Rig { death: Death::Killed, after: 150, plays: usize::MAX });
        for _ in 0..4 {
            let (row, record, _) = lab.judge("right").await;
            assert_eq!(record.report.verdict.to_string(), "pass");
            assert_eq!((row.runs, record.report.board.unwrap().id.as_str()), (1, HONEST));
        }
        let board = lab.dying_is(|board| board.state == BoardState::Quarantined).await;
        let reason = board.reason.unwrap();
        assert!(reason.contains("SIGKILL"), "{reason}");
        *lab.rig.lock().unwrap() = None;
        lab.dying_is(|board| board.state == BoardState::Free && board.reason.is_none()).await;
        let (_, record, _) = lab.judge("right").await;
        assert_eq!(record.report.board.unwrap().id, DYING);
        lab.daemon.drain(Duration::ZERO).await;
    });
}
