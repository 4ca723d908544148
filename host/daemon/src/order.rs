//! What the blobs of an evaluation hold.

use filbench_flow::{SourceFile, Submission};
use filbench_lab::Selector;
use filbench_model::{Fault, FaultPlace, FrontEnd};
use filbench_run::{Options, Tier};
use filbench_stimulus::{ProblemFiles, SourceText};
use filbench_store::{BlobId, EvaluationRow, Store};
use serde::{Deserialize, Serialize};

/// A candidate's blob, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// The top module; the problem's where absent.
    #[serde(default)]
    pub top: Option<String>,
    /// Sources, and what they include or read.
    pub files: Vec<SourceText>,
}

/// The options of an evaluation, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationOptions {
    /// Place-and-route seed.
    pub seed: u32,
    /// Seeds with which it is placed without the fixture; 0 for not at all.
    pub seeds: u32,
    /// Fail a design that is predicted to be slower, in MHz.
    pub min_mhz: Option<f64>,
    /// Checked samples that a pass needs.
    pub min_samples: Option<usize>,
    /// Fail a design in which a latch is inferred.
    pub forbid_latches: bool,
    /// Who reads the candidate; found out where absent.
    pub front_end: Option<FrontEnd>,
    /// Simulate the candidate on the same steps as well.
    pub simulate: bool,
    /// Take from the cache what was judged before in the same circumstances.
    pub reuse: bool,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self::of(Options::default(), true)
    }
}

impl EvaluationOptions {
    /// What of `options` goes to a daemon; the tier goes beside it.
    pub fn of(options: Options, reuse: bool) -> Self {
        // Each field is named, so that none is forgotten.
        let Options {
            tier: _,
            seed,
            seeds,
            min_mhz,
            min_samples,
            forbid_latches,
            front_end,
            simulate,
            firmware: _,
        } = options;
        Self { seed, seeds, min_mhz, min_samples, forbid_latches, front_end, simulate, reuse }
    }
}

/// An evaluation, read from the store.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) submission: Submission,
    pub(crate) problem: ProblemFiles,
    /// The first choice first: where a problem has no room beside the fixture it goes on
    /// to the next.
    pub(crate) boards: Vec<Selector>,
    pub(crate) options: Options,
    pub(crate) reuse: bool,
}

impl Order {
    /// Reads what `row` names. What does not read is the lab's fault: nothing comes into
    /// the store unread.
    pub(crate) async fn read(store: &Store, row: &EvaluationRow) -> Result<Self, Fault> {
        let candidate: Candidate = json(store, &row.candidate, "candidate").await?;
        let problem: ProblemFiles = json(store, &row.problem, "problem").await?;
        let fault = |what: &str, error: &dyn std::fmt::Display| {
            Fault::new(FaultPlace::Host, format!("the {what} of {} does not read: {error}", row.id))
        };
        let options: EvaluationOptions = serde_json::from_value(row.options.clone())
            .map_err(|error| fault("options", &error))?;
        let tier: Tier = serde_json::from_value(row.tier.clone().into())
            .map_err(|error| fault("tier", &error))?;
        let boards = selectors(&row.board).map_err(|error| fault("board", &error))?;
        let file = |text: SourceText| SourceFile { name: text.name, contents: text.contents };
        let submission = Submission {
            files: candidate.files.into_iter().map(file).collect(),
            top: candidate.top.unwrap_or_else(|| problem.top().to_owned()),
        };
        let EvaluationOptions {
            seed,
            seeds,
            min_mhz,
            min_samples,
            forbid_latches,
            front_end,
            simulate,
            reuse,
        } = options;
        let options = Options {
            tier,
            seed,
            seeds,
            min_mhz,
            min_samples,
            forbid_latches,
            front_end,
            simulate,
            firmware: None,
        };
        Ok(Self { submission, problem, boards, options, reuse })
    }
}

/// One or several selectors, with commas between them.
pub(crate) fn selectors(text: &str) -> Result<Vec<Selector>, filbench_lab::SelectorError> {
    text.split(',').map(|selector| selector.trim().parse()).collect()
}

async fn json<T: serde::de::DeserializeOwned>(
    store: &Store,
    blob: &BlobId,
    what: &str,
) -> Result<T, Fault> {
    let host = |message| Fault::new(FaultPlace::Host, message);
    match store.blob(blob).await {
        Ok(Some(bytes)) => serde_json::from_slice(&bytes)
            .map_err(|error| host(format!("the {what} {blob} does not read: {error}"))),
        Ok(None) => Err(host(format!("the {what} {blob} is not in the store"))),
        Err(error) => Err(host(format!("the {what} {blob}: {error}"))),
    }
}
