//! Problems that nobody can be judged by, kept in the cache: a broken one is
//! not tried again for each of its candidates.

use crate::keep;
use filbench_model::{Diagnostic, DiagnosticSubject, FailStage, Fault, Outcome, Stage, Verdict};
use filbench_toolbox::CacheFolder;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Whether the same would be refused again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Again {
    /// It depends on nothing else.
    #[default]
    Always,
    /// It is the lab's doing, or depends on how much of the machine there was.
    Perhaps,
}

impl Again {
    /// Of what a design met with, before anything is made of it: a golden's `limit` is
    /// everybody's `golden_failed`, and no limit any more.
    pub(crate) fn of(verdict: &Verdict) -> Self {
        let may_change = verdict.outcome == Outcome::Fault
            || verdict.stage == Some(Stage::Fail(FailStage::Limit));
        if may_change { Self::Perhaps } else { Self::Always }
    }
}

/// A verdict that ends an evaluation early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) verdict: Verdict,
    /// What a tool said of the problem that is the reason.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What may change is never kept.
    #[serde(skip)]
    pub(crate) again: Again,
}

impl Refusal {
    /// The verdict on everybody whose problem is refused, with what a tool said of it.
    pub(crate) fn of_problem(
        verdict: Verdict,
        mut diagnostics: Vec<Diagnostic>,
        again: Again,
    ) -> Self {
        for diagnostic in &mut diagnostics {
            diagnostic.subject = DiagnosticSubject::Problem;
        }
        Self { verdict, diagnostics, again }
    }
}

impl From<Verdict> for Refusal {
    fn from(verdict: Verdict) -> Self {
        let again = Again::of(&verdict);
        Self { verdict, diagnostics: Vec::new(), again }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Verdict::from(fault).into()
    }
}

/// The folder of refusals, one file for each problem.
#[derive(Clone, Debug)]
pub(crate) struct Refusals {
    dir: CacheFolder,
}

impl Refusals {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: CacheFolder::new(cache, "refusals") }
    }

    /// What a problem's candidates got before.
    pub(crate) fn find(&self, name: &str) -> Option<Refusal> {
        let text = std::fs::read(self.path(name)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps a refusal that would be the same again: no fault, and none that
    /// depends on how busy the machine was.
    pub(crate) fn keep(&self, name: &str, refusal: &Refusal) {
        if refusal.again == Again::Perhaps {
            return;
        }
        if let Err(error) = keep::json(&self.dir, &format!("{name}.json"), refusal) {
            tracing::warn!(%error, path = %self.dir.path().display(), "a refusal was not kept");
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{name}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{broken, refused};
    use filbench_model::{FaultPlace, Severity};
    use filbench_stimulus::RecordError;
    use filbench_toolbox::Tool;

    /// As the callers make them: of what a golden met with, and of why a bench is none.
    #[test]
    fn what_may_change_is_not_kept() {
        let cache = tempfile::tempdir().unwrap();
        let refusals = Refusals::new(cache.path());
        let said = Diagnostic::new("iverilog", Severity::Error, "syntax error");
        let (problem, what) = ("p".to_owned(), "the test bench".to_owned());
        let rejected = broken(RecordError::Rejected {
            problem: problem.clone(),
            tool: Tool::Iverilog,
            what: what.clone(),
            said: said.message.clone(),
            diagnostics: vec![said],
        });
        assert_eq!(rejected.diagnostics[0].subject, DiagnosticSubject::Problem);
        let golden = |stage| refused(Verdict::fail(stage, "60 s of CPU time"), Vec::new());
        let how = || "it was killed".to_owned();
        for (name, refusal, kept) in [
            ("rejected", rejected, true),
            ("golden-latch", golden(FailStage::Latch), true),
            ("golden-fit", golden(FailStage::Fit), true),
            ("golden-limit", golden(FailStage::Limit), false),
            ("limit", Verdict::fail(FailStage::Limit, "60 s of CPU time").into(), false),
            (
                "endless",
                broken(RecordError::Endless {
                    problem: problem.clone(),
                    what: what.clone(),
                    how: how(),
                }),
                false,
            ),
            (
                "disturbed",
                broken(RecordError::Disturbed { problem, tool: Tool::Vvp, what, how: how() }),
                false,
            ),
            ("fault", Fault::new(FaultPlace::Tool, "a busy machine").into(), false),
            (
                "golden-fault",
                refused(Fault::new(FaultPlace::Tool, "a busy machine").into(), Vec::new()),
                false,
            ),
        ] {
            assert_eq!(refusal.again == Again::Always, kept, "{name}");
            refusals.keep(name, &refusal);
            assert_eq!(refusals.find(name), kept.then_some(refusal), "{name}");
        }
    }
}
