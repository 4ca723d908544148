use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A suite that the daemon has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuiteSummary {
    /// As configured.
    pub name: String,
    /// How it is laid out: `verilog-eval`, `rtllm` or `filbench`.
    pub layout: String,
    /// How many problems it has.
    pub problem_count: usize,
}

/// A suite and its problems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuiteView {
    /// As in lists.
    #[serde(flatten)]
    pub summary: SuiteSummary,
    /// In natural order of their names.
    pub problems: Vec<SuiteProblemView>,
}

/// A problem of a suite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuiteProblemView {
    /// Unique within the suite.
    pub name: String,
}
