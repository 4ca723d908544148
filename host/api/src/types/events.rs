use super::{EvaluationId, SubmissionId};
use filbench_daemon::Live;
use filbench_store::StoredEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of events that are not kept.
pub const PROGRESS: &str = "progress";

/// The data of a server-sent event. The event's `id` is `id`, its `event` is `kind`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// Grows; what `Last-Event-ID` and `after` take. Absent where the event is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// What the evaluation was submitted with.
    pub submission: SubmissionId,
    /// To which evaluation it happened.
    pub evaluation: EvaluationId,
    /// When. Absent where the event is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// One word. The first of an evaluation is `queued`, the last `ended`; those of a run
    /// between them are the events of `filbench run`, without their verdict.
    pub kind: String,
    /// The rest, as the kind has it.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

impl EventView {
    /// Whether nothing comes after it for its evaluation.
    pub fn is_last(&self) -> bool {
        self.kind == "ended"
    }
}

impl From<StoredEvent> for EventView {
    fn from(event: StoredEvent) -> Self {
        let StoredEvent { id, submission, evaluation, at_ms, kind, data } = event;
        Self { id: Some(id), submission, evaluation, at_ms: Some(at_ms), kind, data }
    }
}

impl From<Live> for EventView {
    fn from(event: Live) -> Self {
        match event {
            Live::Stored(event) => event.into(),
            Live::Progress { submission, evaluation, data } => Self {
                id: None,
                submission,
                evaluation,
                at_ms: None,
                kind: PROGRESS.to_owned(),
                data,
            },
        }
    }
}
