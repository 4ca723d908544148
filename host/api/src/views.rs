//! From what is stored to what is shown.

use crate::error::{ApiError, ErrorKind};
use crate::types::{ArtifactView, EvaluationSummary, EvaluationView, Page, VerdictView};
use filbench_store::{ArtifactRow, EvaluationRow, RunRow};
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Items of a page, if nothing else is asked for.
pub(crate) const PAGE: u32 = 100;
/// And the most.
pub(crate) const PAGE_MAX: u32 = 1000;

/// How many items a page has.
pub(crate) fn page_size(asked: Option<u32>) -> Result<u32, ApiError> {
    within("limit", asked, PAGE, 1..=PAGE_MAX)
}

/// What was asked for, or what is usual.
pub(crate) fn within<T: Copy + PartialOrd + Display>(
    what: &str,
    asked: Option<T>,
    usual: T,
    bounds: RangeInclusive<T>,
) -> Result<T, ApiError> {
    match asked {
        None => Ok(usual),
        Some(asked) if bounds.contains(&asked) => Ok(asked),
        Some(asked) => Err(ApiError::new(ErrorKind::Invalid, format!("`{what}` is {asked}"))
            .accepting(format!("{} to {}", bounds.start(), bounds.end()))),
    }
}

/// A page of `limit` items, of which one more was asked of the store.
pub(crate) fn page<R, V>(
    mut rows: Vec<R>,
    limit: u32,
    id: impl Fn(&R) -> &str,
    view: impl Fn(R) -> Result<V, ApiError>,
) -> Result<Page<V>, ApiError> {
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| has_more).map(|row| id(row).to_owned());
    Ok(Page { items: rows.into_iter().map(view).collect::<Result<_, _>>()?, next })
}

pub(crate) fn summary(row: EvaluationRow) -> Result<EvaluationSummary, ApiError> {
    let verdict = match row.outcome {
        Some(outcome) => Some(VerdictView {
            outcome: word(&outcome)?,
            stage: row.stage,
            reason: row.reason.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(EvaluationSummary {
        id: row.id,
        submission: row.submission,
        position: row.position,
        owner: row.owner,
        shared: row.shared,
        problem: row.problem_name,
        sample: row.sample,
        board: row.board,
        tier: word(&row.tier)?,
        priority: row.priority,
        deadline_ms: row.deadline_ms,
        state: row.state,
        cancel_asked: row.cancel_asked,
        created_ms: row.created_ms,
        started_ms: row.started_ms,
        ended_ms: row.ended_ms,
        ending: row.ending,
        verdict,
        run_count: row.runs,
    })
}

pub(crate) fn evaluation(
    row: EvaluationRow,
    runs: Vec<RunRow>,
) -> Result<EvaluationView, ApiError> {
    let options =
        serde_json::from_value(row.options.clone()).map_err(|error| ApiError::internal(&error))?;
    let not_before_ms = row.not_before_ms;
    let runs = runs.into_iter().map(Into::into).collect();
    Ok(EvaluationView { summary: summary(row)?, options, not_before_ms, runs })
}

pub(crate) fn artifact(row: ArtifactRow) -> ArtifactView {
    let ArtifactRow { name, sha256, size } = row;
    let content_type = content_type(&name).to_owned();
    ArtifactView { name, sha256, size, content_type }
}

/// By its name. What a browser would run is text to it.
pub(crate) fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, suffix)| suffix) {
        "json" => "application/json",
        "txt" | "log" | "v" | "sv" | "vcd" | "asc" | "pcf" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// A word that the store holds as text.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_value(text.into()).map_err(|error| ApiError::internal(&error))
}
