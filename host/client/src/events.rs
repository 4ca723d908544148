//! Live events, over as many connections as it takes.

use crate::client::{Call, Failed, Failures, lost};
use crate::{Client, ClientError};
use bytes::Bytes;
use eventsource_stream::{EventStream, EventStreamError, Eventsource as _};
use filbench_api::types::{EvaluationId, EventView, State, SubmissionId};
use futures_util::stream::{BoxStream, StreamExt as _};
use std::fmt;
use std::time::{Duration, Instant};

/// Bytes without an end of a line; an event has a few kilobytes.
const LINE_BYTES_MAX: usize = 16 << 20;

/// A connection that lasted so long worked, even if nothing happened.
const WAS_WELL: Duration = Duration::from_secs(30);
/// Before a connection that the server ended is made again.
const BETWEEN: Duration = Duration::from_millis(100);

/// Whose events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Of all evaluations of a submission.
    Submission(SubmissionId),
    /// Of one evaluation.
    Evaluation(EvaluationId),
}

/// The events of a submission or an evaluation, each once and in their order, whatever
/// becomes of connections and of the server in between.
///
/// A connection that breaks is made again and goes on after the last event that came
/// whole. Progress is told by the way; what happens between two connections is lost.
pub struct Events {
    client: Client,
    subject: Subject,
    /// Of the last event that was kept.
    after: i64,
    open: Option<Open>,
    failures: Failures,
    is_over: bool,
}

/// A connection.
struct Open {
    events: EventStream<BoxStream<'static, Result<Bytes, Broken>>>,
    call: Call,
    since: Instant,
    /// All had ended before it was made, so that its end is the events' end.
    is_last: bool,
}

/// Why a connection gives no more bytes.
enum Broken {
    Lost(reqwest::Error),
    TooLong,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(error) => error.fmt(f),
            Self::TooLong => f.write_str("a line without an end"),
        }
    }
}

impl Client {
    /// The events of `subject` after the one with the id `after`; 0 for all.
    pub fn events(&self, subject: Subject, after: i64) -> Events {
        Events {
            client: self.clone(),
            subject,
            after,
            open: None,
            failures: Failures::default(),
            is_over: false,
        }
    }
}

impl Events {
    /// The next event; `None` when everything has ended. Safe to drop and call again.
    ///
    /// # Errors
    /// When the server does not come back in time, or refuses.
    pub async fn next(&mut self) -> Result<Option<EventView>, ClientError> {
        while !self.is_over {
            match self.step().await {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err((call, failed)) => {
                    if self.open.take().is_some_and(|open| open.since.elapsed() >= WAS_WELL) {
                        self.failures = Failures::default();
                    }
                    self.failures.pause(&self.client, &call, failed).await?;
                }
            }
        }
        Ok(None)
    }

    /// The id to go on after.
    pub fn after(&self) -> i64 {
        self.after
    }

    /// One event, or one step towards it.
    async fn step(&mut self) -> Result<Option<EventView>, (Box<Call>, Failed)> {
        let open = match &mut self.open {
            Some(open) => open,
            None => {
                let open = self.connect().await?;
                self.open.insert(open)
            }
        };
        let call = || Box::new(open.call.clone());
        match open.events.next().await {
            Some(Ok(event)) => {
                let event: EventView = serde_json::from_str(&event.data).map_err(|source| {
                    let tried = open.call.tried();
                    (call(), Failed::ForGood(ClientError::Unreadable { tried, source }))
                })?;
                let Some(id) = event.id else { return Ok(Some(event)) };
                if id <= self.after {
                    return Ok(None);
                }
                self.after = id;
                self.failures = Failures::default();
                self.is_over = event.is_last() && matches!(self.subject, Subject::Evaluation(_));
                Ok(Some(event))
            }
            // Either all is over, or the server ends: its next one knows.
            None => {
                self.is_over = open.is_last;
                self.open = None;
                if !self.is_over {
                    tokio::time::sleep(BETWEEN).await;
                }
                Ok(None)
            }
            Some(Err(EventStreamError::Transport(Broken::Lost(error)))) => {
                Err((call(), lost(&open.call, error)))
            }
            Some(Err(error)) => {
                let failed = Failed::ForGood(ClientError::NoEvents {
                    tried: open.call.tried(),
                    found: error.to_string(),
                });
                Err((call(), failed))
            }
        }
    }

    async fn connect(&self) -> Result<Open, (Box<Call>, Failed)> {
        let (kind, id) = match &self.subject {
            Subject::Submission(id) => ("submissions", id.as_str()),
            Subject::Evaluation(id) => ("evaluations", id.as_str()),
        };
        let mut call =
            self.client.get(&["v1", kind, id, "events"], &[]).header("accept", "text/event-stream");
        if self.after > 0 {
            call = call.header("last-event-id", self.after.to_string());
        }
        let failed = |failed| (Box::new(call.clone()), failed);
        let is_last = self.has_ended().await.map_err(|error| failed(Failed::ForGood(error)))?;
        let response = self.client.open(&call).await.map_err(failed)?;
        let mut line = 0;
        let bytes = response.bytes_stream().map(move |chunk| {
            let chunk = chunk.map_err(Broken::Lost)?;
            line = match chunk.iter().rposition(|&byte| byte == b'\n') {
                Some(at) => chunk.len() - at,
                None => line + chunk.len(),
            };
            if line > LINE_BYTES_MAX { Err(Broken::TooLong) } else { Ok(chunk) }
        });
        let since = Instant::now();
        Ok(Open { events: bytes.boxed().eventsource(), call, since, is_last })
    }

    /// Asked before the events are: what has ended then has its last event there.
    async fn has_ended(&self) -> Result<bool, ClientError> {
        Ok(match &self.subject {
            Subject::Submission(id) => {
                let counts = self.client.submission(id).await?.summary.counts;
                counts.ended == counts.total()
            }
            Subject::Evaluation(id) => {
                self.client.evaluation(id).await?.summary.state == State::Ended
            }
        })
    }
}
