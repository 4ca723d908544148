//! Suites that the daemon has.

use crate::auth::{By, Read};
use crate::error::ApiError;
use crate::extract::Parted;
use crate::openapi::{Conflicting, Guarded, Missing};
use crate::state::Api;
use crate::submit::open_suite;
use crate::types::{Page, SuiteProblemView, SuiteSummary, SuiteView};
use axum::Json;
use axum::extract::State;
use filbench_suite::Suite;

/// The suites that the daemon's configuration names
#[utoipa::path(
    get, path = "/v1/suites", operation_id = "list_suites", tag = "suites",
    responses((status = 200, description = "All of them", body = Page<SuiteSummary>), Guarded)
)]
pub(crate) async fn list(
    State(api): State<Api>,
    _: By<Read>,
) -> Result<Json<Page<SuiteSummary>>, ApiError> {
    let names: Vec<String> = api.config.suites.keys().cloned().collect();
    let mut suites = Vec::with_capacity(names.len());
    for name in names {
        // One that cannot be read now is in the log, and does not hide the others.
        if let Ok(suite) = open(&api, &name).await {
            suites.push(summary(name, &suite));
        }
    }
    Ok(Json(Page::whole(suites)))
}

/// A suite and its problems
#[utoipa::path(
    get, path = "/v1/suites/{name}", operation_id = "show_suite", tag = "suites", params(("name" = String, Path)),
    responses(
        (status = 200, description = "The suite", body = SuiteView),
        Guarded, Missing, Conflicting
    )
)]
pub(crate) async fn show(
    State(api): State<Api>,
    _: By<Read>,
    Parted(name): Parted<String>,
) -> Result<Json<SuiteView>, ApiError> {
    let suite = open(&api, &name).await?;
    let summary = summary(name, &suite);
    let problem = |problem: filbench_suite::SuiteProblem| SuiteProblemView { name: problem.name };
    Ok(Json(SuiteView { summary, problems: suite.problems.into_iter().map(problem).collect() }))
}

async fn open(api: &Api, name: &str) -> Result<Suite, ApiError> {
    let (api, name) = (api.clone(), name.to_owned());
    let opening = tokio::task::spawn_blocking(move || open_suite(&api.config.suites, &name));
    opening.await.map_err(|panic| ApiError::internal(&panic))?
}

fn summary(name: String, suite: &Suite) -> SuiteSummary {
    let (layout, problem_count) = (suite.layout.to_string(), suite.problems.len());
    SuiteSummary { name, layout, problem_count }
}
