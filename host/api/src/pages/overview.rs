//! How the lab stands, at a glance.

use super::page;
use crate::auth::{By, Read};
use crate::error::ApiError;
use crate::openapi::Guarded;
use crate::state::Api;
use crate::types::{BoardView, EvaluationSummary};
use crate::views::summary;
use axum::extract::State;
use axum::response::Html;
use filbench_daemon::Snapshot;
use filbench_store::Filter;
use maud::{Markup, html};

/// Evaluations shown.
const LATEST: u32 = 25;

/// How the lab stands: boards, queue, and the latest evaluations that you may read
#[utoipa::path(
    get, path = "/", operation_id = "overview", tag = "pages",
    responses(
        (status = 200, description = "A page", body = String, content_type = "text/html"),
        Guarded
    )
)]
pub(crate) async fn overview(
    State(api): State<Api>,
    by: By<Read>,
) -> Result<Html<String>, ApiError> {
    let snapshot = api.daemon.snapshot().await?;
    let boards = api.daemon.boards().await?;
    let rows = api.store().evaluations(&by.0.reader(), &Filter::default(), LATEST).await?;
    let latest = rows.into_iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    Ok(Html(page("filbench", content(&snapshot, &boards, &latest)).into_string()))
}

fn content(snapshot: &Snapshot, boards: &[BoardView], latest: &[EvaluationSummary]) -> Markup {
    let counts = &snapshot.evaluations;
    html! {
        h1 { "filbench" }
        p {
            (counts.queued) " evaluations wait, " (counts.running) " are at work, "
            (counts.ended) " have ended."
            @if snapshot.is_draining { " The daemon is ending and takes nothing new." }
            " " a href="/docs" { "The API" }
        }
        h2 { "Boards" }
        table {
            tr { th { "name" } th { "kind" } th { "measured on" } th { "state" } th { "who, why" } }
            @for board in boards { (row_of_board(board)) }
        }
        h2 { "Latest evaluations" }
        @if latest.is_empty() { p { "There are none yet." } } @else {
            table {
                tr { th { "evaluation" } th { "problem" } th { "sample" } th { "state" } th { "verdict" } }
                @for evaluation in latest { (row_of_evaluation(evaluation)) }
            }
        }
    }
}

fn row_of_board(board: &BoardView) -> Markup {
    let measured_on = match board.measured_on {
        crate::types::MeasuredOn::Virtual => "virtual",
        crate::types::MeasuredOn::Physical => "physical",
    };
    html! {
        tr {
            td { code { (board.name) } }
            td { (board.kind) }
            td { (measured_on) }
            td { (board.state.name()) }
            td {
                @if let Some(reason) = &board.reason { (reason) }
                @else if let Some(lease) = &board.lease { "leased to " code { (lease.holder) } }
            }
        }
    }
}

fn row_of_evaluation(evaluation: &EvaluationSummary) -> Markup {
    let EvaluationSummary { id, problem, sample, state, ending, verdict, .. } = evaluation;
    html! {
        tr {
            td { a href=(format!("/v1/evaluations/{id}")) { code { (id) } } }
            td { (problem) }
            td { (sample) }
            td { (state) }
            td {
                @if let Some(verdict) = verdict {
                    (verdict.outcome)
                    @if let Some(stage) = &verdict.stage { " (" (stage) ")" }
                    ": " (verdict.reason)
                } @else if let Some(ending) = ending { (ending) }
            }
        }
    }
}
