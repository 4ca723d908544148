use super::{EvaluationId, ProblemSource, SentFile, SubmissionSummary, Tier};
use filbench_daemon::EvaluationOptions;
use filbench_model::Comparison;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What to judge: candidates, and the problems that they answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitRequest {
    /// A word of your own for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub label: Option<String>,
    /// Whether everybody with a token may read it.
    #[serde(default)]
    pub shared: bool,
    /// Problems that come with it. The keys are the problems' names in results, and what
    /// evaluations refer to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub problems: BTreeMap<String, ProblemSource>,
    /// One for each candidate.
    #[schema(min_items = 1, max_items = 2048)]
    pub evaluations: Vec<EvaluationRequest>,
}

/// One candidate for one problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluationRequest {
    /// Which problem.
    pub problem: ProblemRef,
    /// Tells the candidates for a problem apart; numbered where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub sample: Option<String>,
    /// The candidate's top module, where it is not called as the problem says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub top: Option<String>,
    /// The candidate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SentFile>,
    /// More of the candidate: a .tar, .tar.gz or .zip, in base 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive_base64: Option<String>,
    /// A board selector, or several with commas between them of which the next is taken
    /// where the problem has no room on the one before; `virtual:icebreaker` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "virtual:icebreaker,virtual:ice40_hx8k_b_evn")]
    pub board: Option<String>,
    /// How far the candidate is taken; all the way where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// How it is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<EvaluationOptions>,
    /// How responses are compared, where it is not as the problem says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparison>,
    /// Higher ones go first; 0 is usual.
    #[serde(default)]
    #[schema(minimum = -100, maximum = 100)]
    pub priority: i32,
    /// It ends without a verdict when it is not judged in so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 31536000)]
    pub deadline_s: Option<u64>,
}

impl EvaluationRequest {
    /// One for a problem, judged as usual.
    pub fn new(problem: ProblemRef, files: Vec<SentFile>) -> Self {
        Self {
            problem,
            sample: None,
            top: None,
            files,
            archive_base64: None,
            board: None,
            tier: None,
            options: None,
            compare: None,
            priority: 0,
            deadline_s: None,
        }
    }
}

/// Which problem a candidate answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a key of `problems`, or `suite` and `problem`")]
pub enum ProblemRef {
    /// A key of the submission's `problems`.
    Key(String),
    /// A problem of a suite that the daemon has.
    #[serde(rename_all = "snake_case")]
    Suite {
        /// The suite.
        suite: String,
        /// The problem's name in it.
        problem: String,
    },
}

/// A submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubmissionView {
    /// Without its evaluations.
    #[serde(flatten)]
    pub summary: SubmissionSummary,
    /// Its evaluations, in the request's order.
    pub evaluations: Vec<EvaluationId>,
}

/// What a cancellation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CancelView {
    /// Evaluations that have ended, or end in a moment.
    pub cancelled: u64,
    /// Evaluations that had ended before.
    pub over: u64,
}
