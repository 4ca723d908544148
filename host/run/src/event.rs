use filbench_model::{Diagnostic, Fault, Verdict};
use serde::Serialize;
use std::fmt;
use std::time::Duration;
use tokio::sync::mpsc;

/// Whose way through the chain an event speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The problem: its recording and its proof.
    Problem,
    /// The problem's golden on its way through the chain, inside the proof.
    Golden,
    /// The submission that is judged.
    Candidate,
}

/// One stretch of an evaluation.
///
/// The problem has the phases `record` and `proof`, golden and candidate all
/// the others. A subject's phases follow one another in the order of
/// declaration; a retry goes back to [`Program`](Self::Program). Those of the
/// problem may overlap the candidate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Recording the problem, or finding it recorded.
    Record,
    /// The golden's way through the whole chain, or finding it proven.
    Proof,
    /// Synthesis of the design alone, guard and interface check included.
    Synth,
    /// Merging design and fixture.
    Link,
    /// Place and route.
    Place,
    /// Making the bitstream.
    Pack,
    /// Loading the bitstream into a board.
    Program,
    /// Opening the session: who answers, and which bitstream it runs.
    Identify,
    /// Stimulus down, responses up.
    Play,
    /// The scoreboard.
    Compare,
}

impl Phase {
    /// The name used in reports and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Proof => "proof",
            Self::Synth => "synth",
            Self::Link => "link",
            Self::Place => "place",
            Self::Pack => "pack",
            Self::Program => "program",
            Self::Identify => "identify",
            Self::Play => "play",
            Self::Compare => "compare",
        }
    }

    /// Every phase, in order.
    pub const ALL: [Self; 10] = [
        Self::Record,
        Self::Proof,
        Self::Synth,
        Self::Link,
        Self::Place,
        Self::Pack,
        Self::Program,
        Self::Identify,
        Self::Play,
        Self::Compare,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What happens during an evaluation, in the order in which it happens.
///
/// The last event of an evaluation is [`Verdict`](Self::Verdict). Within a
/// subject one phase finishes before the next starts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A phase begins.
    PhaseStarted {
        /// Whose.
        subject: Subject,
        /// Which.
        phase: Phase,
    },
    /// How far a phase has come; sent at most a few hundred times a phase.
    Progress {
        /// Whose.
        subject: Subject,
        /// Which.
        phase: Phase,
        /// Units done: steps for `play`.
        done: u64,
        /// Units in all.
        total: u64,
    },
    /// A phase has ended, well or not.
    PhaseFinished {
        /// Whose.
        subject: Subject,
        /// Which.
        phase: Phase,
        /// Wall time.
        #[serde(serialize_with = "as_ms", rename = "duration_ms")]
        duration: Duration,
    },
    /// Something was ready from an earlier run and was not done again.
    Cached {
        /// What.
        phase: Phase,
    },
    /// One-time set-up that somebody waits for, such as compiling the tools.
    Preparing {
        /// In words.
        what: String,
    },
    /// What a tool said about the candidate.
    Diagnostic(Diagnostic),
    /// The lab failed; the board is programmed anew and the play repeated.
    Retrying {
        /// What failed.
        fault: Fault,
    },
    /// The end.
    Verdict(Verdict),
}

fn as_ms<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(millis(*duration))
}

/// Whole milliseconds, saturating.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The evaluation's end of the event channel.
///
/// A subscriber that went away is no reason to stop: sending never fails.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
    events: mpsc::UnboundedSender<Event>,
}

impl Reporter {
    pub(crate) fn new(events: mpsc::UnboundedSender<Event>) -> Self {
        Self { events }
    }

    pub(crate) fn send(&self, event: Event) {
        // Fails only when nobody listens any more.
        self.events.send(event).ok();
    }
}
