//! What goes over the wire, both ways: server and clients use the same types.
//!
//! Times are milliseconds since 1970-01-01 UTC and end in `_ms`; durations that a client
//! asks for are seconds and end in `_s`. Requests with fields that are not known are
//! refused.

/// The schema of a type that has another form in JSON.
macro_rules! described_by {
    ($type:ident, $fields:ident) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <$fields as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn schemas(
                schemas: &mut Vec<(
                    String,
                    utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>,
                )>,
            ) {
                <$fields as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}
pub(crate) use described_by;

mod boards;
mod evaluations;
mod events;
mod file;
mod leases;
mod me;
mod page;
mod problem;
mod submissions;
mod suites;
mod tokens;

pub use boards::QuarantineRequest;
pub use evaluations::{ArtifactView, EvaluationSummary, EvaluationView, RunView, VerdictView};
pub use events::{EventView, PROGRESS};
pub use file::SentFile;
pub use leases::{ExtendRequest, LeaseRequest, UART_CLOSED, UART_FROM, UART_LOST, UART_NEXT};
pub use me::{LimitsView, MeView};
pub use page::Page;
pub use problem::ProblemSource;
pub use submissions::{CancelView, EvaluationRequest, ProblemRef, SubmissionView, SubmitRequest};
pub use suites::{SuiteProblemView, SuiteSummary, SuiteView};
pub use tokens::{NewTokenView, TokenRequest};

// What the daemon and its store have is shown as they have it.
pub use filbench_daemon::BoardStatus as BoardView;
pub use filbench_store::{
    LeaseRow as LeaseView, SubmissionRow as SubmissionSummary, TokenRow as TokenView,
};

// What the types above are made of.
pub use filbench_daemon::{BoardState, EvaluationOptions};
pub use filbench_model::{Comparison, FrontEnd, MeasuredOn, Outcome};
pub use filbench_run::Tier;
pub use filbench_store::{
    BlobId, EvaluationId, LeaseEnd, LeaseId, Purpose, RunId, Scope, State, StateCounts,
    SubmissionId, TokenId,
};
