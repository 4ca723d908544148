//! What an evaluation tells while it runs.

use crate::activity::Activity;
use filbench_model::{Diagnostic, Fault, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Whose way through the chain an event speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The problem: its recording and its proof.
    Problem,
    /// The problem's golden on its way through the chain, inside the proof.
    Golden,
    /// The submission that is judged.
    Candidate,
    /// The same in simulation, beside its way through the chain.
    Simulation,
}

/// One stretch of an evaluation.
///
/// The problem has the phases `record` and `proof`, the simulation `simulate`, golden and
/// candidate all the others. A subject's phases follow one another in the order of
/// declaration, one at a time, but they go back
///
/// - to [`Program`](Self::Program) for the second setting of unknown inputs, and after
///   [`Event::Retrying`];
/// - to [`Link`](Self::Link) after [`Event::Retrying`], where a bitstream that several designs
///   shared is given up;
/// - to [`Synth`](Self::Synth) where the golden is taken up again: for its proof, for its
///   timing by itself, and as the known-good design after a fault.
///
/// Phases of different subjects may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Placing the design without the fixture, once a seed.
    Timing,
    /// Loading the bitstream into a board.
    Program,
    /// Opening the session: who answers, and which bitstream it runs.
    Identify,
    /// Stimulus down, responses up.
    Play,
    /// The scoreboard.
    Compare,
    /// The candidate in simulation, where that is asked for.
    Simulate,
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
            Self::Timing => "timing",
            Self::Program => "program",
            Self::Identify => "identify",
            Self::Play => "play",
            Self::Compare => "compare",
            Self::Simulate => "simulate",
        }
    }

    /// Every phase, in order.
    pub const ALL: [Self; 12] = [
        Self::Record,
        Self::Proof,
        Self::Synth,
        Self::Link,
        Self::Place,
        Self::Pack,
        Self::Timing,
        Self::Program,
        Self::Identify,
        Self::Play,
        Self::Compare,
        Self::Simulate,
    ];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What happens during an evaluation, in the order in which it happens.
///
/// An evaluation has one [`Verdict`](Self::Verdict), which is its last event and its report's.
/// Within a subject one phase finishes before the next starts; see [`Phase`] for their order.
/// [`Retrying`](Self::Retrying) names no subject: candidate and golden are played one after
/// the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
        #[serde(with = "as_ms", rename = "duration_ms")]
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
    /// What a tool said about the candidate, or about a problem that it refuses.
    Diagnostic(Diagnostic),
    /// The lab failed; the board is programmed anew and the play repeated.
    Retrying {
        /// What failed.
        fault: Fault,
    },
    /// The end.
    Verdict(Verdict),
}

/// A duration as whole milliseconds.
mod as_ms {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(super::millis(*duration))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// Whole milliseconds, saturating.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The evaluation's end of the event channel, and its stop watch.
///
/// A subscriber that went away is no reason to stop: sending never fails.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
    events: mpsc::UnboundedSender<Event>,
    durations: Arc<Mutex<BTreeMap<Phase, Duration>>>,
    activity: Activity,
}

impl Reporter {
    pub(crate) fn new(events: mpsc::UnboundedSender<Event>) -> Self {
        Self { events, durations: Arc::default(), activity: Activity::new() }
    }

    /// The same whose phases count as activity among those of other evaluations.
    pub(crate) fn among(self, activity: &Activity) -> Self {
        Self { activity: activity.clone(), ..self }
    }

    pub(crate) fn send(&self, event: Event) {
        // Fails only when nobody listens any more.
        self.events.send(event).ok();
    }

    /// Sends what `subject` goes through.
    pub(crate) fn subject(&self, subject: Subject) -> Phases {
        Phases { reporter: self.clone(), subject }
    }

    /// Wall time of each phase so far, the golden's own phases left out.
    pub(crate) fn durations(&self) -> BTreeMap<Phase, Duration> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Phase, Duration>> {
        // The map is whole after every addition, even one that panicked.
        self.durations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reporter of one subject.
#[derive(Clone, Debug)]
pub(crate) struct Phases {
    reporter: Reporter,
    subject: Subject,
}

impl Phases {
    /// Does `work` as `phase`: announced, timed, and its end announced.
    pub(crate) async fn run<T>(&self, phase: Phase, work: impl Future<Output = T>) -> T {
        let subject = self.subject;
        tracing::debug!(run.subject = ?subject, run.phase = %phase, "phase started");
        self.reporter.send(Event::PhaseStarted { subject, phase });
        let started = Instant::now();
        // A proof is made of other phases, and waits between them.
        let doing = (phase != Phase::Proof).then(|| self.reporter.activity.begin());
        let result = work.await;
        drop(doing);
        self.finished(phase, started.elapsed());
        result
    }

    /// A phase that somebody else did for several subjects together; `duration` is
    /// this one's part of the wall time.
    pub(crate) fn shared(&self, phase: Phase, duration: Duration) {
        self.reporter.send(Event::PhaseStarted { subject: self.subject, phase });
        self.finished(phase, duration);
    }

    fn finished(&self, phase: Phase, duration: Duration) {
        let subject = self.subject;
        if subject != Subject::Golden {
            *self.reporter.lock().entry(phase).or_default() += duration;
        }
        self.reporter.send(Event::PhaseFinished { subject, phase, duration });
    }

    /// How far `phase` has come.
    pub(crate) fn progress(&self, phase: Phase, done: u64, total: u64) {
        self.reporter.send(Event::Progress { subject: self.subject, phase, done, total });
    }

    /// Something that belongs to no phase.
    pub(crate) fn send(&self, event: Event) {
        self.reporter.send(event);
    }

    /// Whether this is the submission that is judged, built or simulated.
    pub(crate) fn is_candidate(&self) -> bool {
        matches!(self.subject, Subject::Candidate | Subject::Simulation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{FailStage, FaultPlace, Severity};

    #[test]
    fn every_event_comes_back_from_json() {
        let (subject, phase) = (Subject::Golden, Phase::Place);
        let events = [
            Event::PhaseStarted { subject, phase },
            Event::Progress { subject: Subject::Candidate, phase: Phase::Play, done: 3, total: 9 },
            Event::PhaseFinished { subject, phase, duration: Duration::from_millis(1234) },
            Event::Cached { phase: Phase::Record },
            Event::Preparing { what: "compiling the tools".into() },
            Event::Diagnostic(Diagnostic {
                file: Some("a.v".into()),
                line: Some(3),
                ..Diagnostic::new("yosys", Severity::Error, "syntax error")
            }),
            Event::Retrying { fault: Fault::new(FaultPlace::Link, "silence") },
            Event::Verdict(Verdict::fail(FailStage::Parse, "it does not read")),
        ];
        for event in events {
            let json = serde_json::to_value(&event).unwrap();
            assert!(json["event"].is_string(), "{json}");
            assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
        }
        for phase in Phase::ALL {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.name());
        }
    }
}
