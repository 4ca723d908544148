//! The progress display: one subscriber of an evaluation's events, on stderr.

use crate::output::tell;
use filbench_model::Outcome;
use filbench_run::{Event, Phase, Subject};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How often a running phase is mentioned where lines are not overwritten.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Shows events until the evaluation drops its end of the channel.
pub async fn show(mut events: mpsc::UnboundedReceiver<Event>) {
    let mut display = if std::io::stderr().is_terminal() {
        Display::Live(Live::new())
    } else {
        Display::Plain(Plain::default())
    };
    while let Some(event) = events.recv().await {
        match &mut display {
            Display::Live(live) => live.on(&event),
            Display::Plain(plain) => plain.on(&event),
        }
    }
    if let Display::Live(live) = display {
        live.bar.finish_and_clear();
    }
}

enum Display {
    Live(Live),
    Plain(Plain),
}

/// What a phase is called while it runs.
fn doing(subject: Subject, phase: Phase) -> String {
    let what = match phase {
        Phase::Record => return "recording the problem".to_owned(),
        Phase::Proof => return "proving the problem with its golden".to_owned(),
        Phase::Synth => "synthesising",
        Phase::Link => "linking with the fixture",
        Phase::Place => "placing and routing",
        Phase::Pack => "packing the bitstream",
        Phase::Timing => "placing without the fixture",
        Phase::Program => "programming the board",
        Phase::Identify => "asking the board who it is",
        Phase::Play => "playing the stimulus",
        Phase::Compare => "comparing",
        Phase::Simulate => "simulating the candidate",
    };
    match subject {
        Subject::Golden => format!("golden: {what}"),
        Subject::Problem | Subject::Candidate | Subject::Simulation => what.to_owned(),
    }
}

/// What no display can leave out, as a line.
fn remark(event: &Event) -> Option<String> {
    match event {
        Event::Retrying { fault } => Some(format!("retrying after a fault: {fault}")),
        Event::Preparing { what } => Some(what.clone()),
        _ => None,
    }
}

/// One line that is overwritten.
struct Live {
    bar: ProgressBar,
    running: BTreeMap<(Subject, Phase), Option<(u64, u64)>>,
}

impl Live {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, running: BTreeMap::new() }
    }

    fn on(&mut self, event: &Event) {
        if let Some(line) = remark(event) {
            self.bar.println(line);
        }
        match *event {
            Event::PhaseStarted { subject, phase } => {
                self.running.insert((subject, phase), None);
            }
            Event::Progress { subject, phase, done, total } => {
                self.running.insert((subject, phase), Some((done, total)));
            }
            Event::PhaseFinished { subject, phase, .. } => {
                self.running.remove(&(subject, phase));
            }
            _ => {}
        }
        // The proof is told by the golden's own phases while one of them runs.
        let golden = self.running.keys().any(|(s, _)| *s == Subject::Golden);
        let text: Vec<String> = self
            .running
            .iter()
            .filter(|((_, phase), _)| !(golden && *phase == Phase::Proof))
            .map(|(&(subject, phase), progress)| match progress {
                Some((done, total)) => format!("{} {done}/{total}", doing(subject, phase)),
                None => doing(subject, phase),
            })
            .collect();
        self.bar.set_message(text.join(" · "));
    }
}

/// A line for each phase that ends, for logs and pipes.
#[derive(Default)]
struct Plain {
    mentioned: Option<Instant>,
}

impl Plain {
    fn on(&mut self, event: &Event) {
        if let Some(line) = remark(event) {
            tell(format_args!("{line}"));
        }
        match *event {
            Event::PhaseFinished { subject, phase, duration } => {
                tell(format_args!("{:>7.2} s  {}", duration.as_secs_f64(), doing(subject, phase)))
            }
            Event::Cached { phase } => {
                tell(format_args!(" cached    {}", doing(Subject::Problem, phase)))
            }
            Event::Progress { subject, phase, done, total } => {
                let now = Instant::now();
                let last = *self.mentioned.get_or_insert(now);
                if now.duration_since(last) >= PLAIN_INTERVAL {
                    tell(format_args!("           {} {done}/{total}", doing(subject, phase)));
                    self.mentioned = Some(now);
                }
            }
            _ => {}
        }
    }
}

/// A mark for an outcome, in the words of the exit code.
pub fn headline(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Inconclusive => "INCONCLUSIVE",
        Outcome::Fault => "FAULT",
    }
}
