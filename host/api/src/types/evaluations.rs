use super::{BlobId, EvaluationId, RunId, State, SubmissionId, Tier};
use filbench_daemon::EvaluationOptions;
use filbench_model::Outcome;
use filbench_store::RunRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An evaluation in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationSummary {
    /// Its name.
    pub id: EvaluationId,
    /// What it was submitted with.
    pub submission: SubmissionId,
    /// Within the submission, from 0.
    pub position: u64,
    /// Whose: a token's id, or `local`.
    pub owner: String,
    /// Whether everybody with a token may read it.
    pub shared: bool,
    /// The problem's name.
    pub problem: String,
    /// Tells the candidates for the problem apart.
    pub sample: String,
    /// The board selector.
    pub board: String,
    /// How far the candidate is taken.
    pub tier: Tier,
    /// Higher ones go first.
    pub priority: i32,
    /// Ends without a verdict after this.
    pub deadline_ms: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// Whether somebody asked to cancel it.
    pub cancel_asked: bool,
    /// When it was accepted.
    pub created_ms: i64,
    /// When its first run began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How it ended: `judged`, `cancelled` or `deadline`.
    pub ending: Option<String>,
    /// The verdict, where it was judged.
    pub verdict: Option<VerdictView>,
    /// How many runs have begun.
    pub run_count: u32,
}

/// A verdict in short; the report has all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictView {
    /// In a word.
    pub outcome: Outcome,
    /// Where it came from, such as `mismatch`; a pass has none.
    pub stage: Option<String>,
    /// In words.
    pub reason: String,
}

/// An evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvaluationView {
    /// As in lists.
    #[serde(flatten)]
    pub summary: EvaluationSummary,
    /// How it is judged.
    pub options: EvaluationOptions,
    /// Not begun (again) before this; 0 for any time.
    pub not_before_ms: i64,
    /// Its attempts, in order.
    pub runs: Vec<RunView>,
}

/// One attempt of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Its name.
    pub id: RunId,
    /// From 1.
    pub number: u32,
    /// When it began.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How: `judged`, `fault`, `handed_back`, `lost`, `cancelled` or `deadline`.
    pub ending: Option<String>,
    /// What failed in the lab.
    pub fault: Option<String>,
}

impl From<RunRow> for RunView {
    fn from(row: RunRow) -> Self {
        let RunRow { id, number, epoch: _, started_ms, ended_ms, ending, fault } = row;
        Self { id, number, started_ms, ended_ms, ending, fault }
    }
}

/// A file that an evaluation made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactView {
    /// The last part of its path.
    pub name: String,
    /// Of its bytes; its `ETag`.
    pub sha256: BlobId,
    /// In bytes.
    pub size: u64,
    /// Its media type.
    pub content_type: String,
}
