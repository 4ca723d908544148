//! What happens, while it happens.

use super::{evaluations, submissions};
use crate::auth::{By, Read};
use crate::error::{ApiError, ErrorKind};
use crate::extract::{Asked, Named};
use crate::openapi::{Guarded, Missing, WrongQuery};
use crate::state::Api;
use crate::types::{EvaluationId, EventView, SubmissionId};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use filbench_daemon::EventStream;
use filbench_model::with_causes;
use filbench_store::EventScope;
use futures_util::stream;
use serde::Deserialize;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;

/// A line in between, so that nobody takes the connection for a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What a client sends that had events before.
const LAST_EVENT_ID: &str = "last-event-id";

/// Where to go on.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// After the event with this id; `Last-Event-ID` says the same and goes first.
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// The events of a submission's evaluations
///
/// Server-sent events, each of which has an `EventView` as its data. The stream ends after
/// the last event of the last evaluation; one that is asked for after that answers 204.
#[utoipa::path(
    get, path = "/v1/submissions/{id}/events", operation_id = "follow_submission", tag = "submissions",
    params(
        ("id" = SubmissionId, Path), EventsQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last event that you have")
    ),
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "Nothing comes any more"),
        Guarded, Missing, WrongQuery
    )
)]
pub(crate) async fn of_submission(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<SubmissionId>,
    Asked(query): Asked<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let row = submissions::seen(&api, &by.0, &id).await?;
    let has_ended = row.counts.ended == row.counts.total();
    events(&api, &by.0.owner, EventScope::Submission(id), has_ended, query, &headers).await
}

/// The events of an evaluation
///
/// Server-sent events, each of which has an `EventView` as its data. The stream ends after
/// the last event; one that is asked for after that answers 204.
#[utoipa::path(
    get, path = "/v1/evaluations/{id}/events", operation_id = "follow_evaluation", tag = "evaluations",
    params(
        ("id" = EvaluationId, Path), EventsQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The last event that you have")
    ),
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        (status = 204, description = "Nothing comes any more"),
        Guarded, Missing, WrongQuery
    )
)]
pub(crate) async fn of_evaluation(
    State(api): State<Api>,
    by: By<Read>,
    Named(id): Named<EvaluationId>,
    Asked(query): Asked<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let row = evaluations::seen(&api, &by.0, &id).await?;
    let has_ended = row.state == filbench_store::State::Ended;
    events(&api, &by.0.owner, EventScope::Evaluation(id), has_ended, query, &headers).await
}

async fn events(
    api: &Api,
    owner: &str,
    scope: EventScope,
    has_ended: bool,
    query: EventsQuery,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let after = after(query, headers)?;
    if has_ended && api.store().events(&scope, after, 1).await?.is_empty() {
        // Which tells a browser not to come again.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let permit = api.limiter.stream(owner)?;
    let told = Told { stream: api.daemon.subscribe(scope, after), _permit: permit };
    let events = stream::unfold(told, |mut told| async move {
        let event = told.next().await?;
        Some((Ok::<_, Infallible>(event), told))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

fn after(query: EventsQuery, headers: &HeaderMap) -> Result<i64, ApiError> {
    let after = match headers.get(LAST_EVENT_ID) {
        Some(value) => value.to_str().ok().and_then(|text| text.parse().ok()),
        None => Some(query.after.unwrap_or(0)),
    };
    after.filter(|after| *after >= 0).ok_or_else(|| {
        ApiError::new(ErrorKind::Invalid, "the event to go on after is none")
            .accepting("the `id` of an event, or 0 for all")
    })
}

struct Told {
    stream: EventStream,
    _permit: OwnedSemaphorePermit,
}

impl Told {
    async fn next(&mut self) -> Option<Event> {
        match self.stream.next().await {
            Ok(Some(live)) => {
                let view = EventView::from(live);
                let event = Event::default().event(&view.kind);
                let event = match view.id {
                    Some(id) => event.id(id.to_string()),
                    None => event,
                };
                event.json_data(&view).ok()
            }
            Ok(None) => None,
            Err(error) => {
                // The client comes again and goes on where it was.
                tracing::warn!(error = with_causes(&error), "a stream of events broke off");
                None
            }
        }
    }
}
