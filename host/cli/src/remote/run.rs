//! `filbench run --server`.

use super::{restore_names, runtime, sent_files, told};
use crate::args::RunArgs;
use crate::output::tell;
use crate::progress;
use crate::run::{Order, PUT_AWAY, finish, interrupted};
use anyhow::{Context as _, bail};
use filbench_api::types::{
    EvaluationId, EvaluationOptions, EvaluationRequest, EvaluationView, EventView, ProblemRef,
    ProblemSource, State, SubmissionView, SubmitRequest,
};
use filbench_client::{Client, ClientError, Subject, fresh_key};
use filbench_results::Record;
use filbench_run::{Artifact, Evaluation, Event};
use std::collections::BTreeMap;
use std::pin::pin;
use std::process::ExitCode;
use tokio::sync::mpsc;

/// Has a candidate judged, and prints the report.
pub fn run(args: &RunArgs, client: &Client) -> anyhow::Result<ExitCode> {
    let order = Order::read(args)?;
    let names: Vec<String> = order.submission.files.iter().map(|f| f.name.clone()).collect();
    let request = request(order, &args.board);
    let runtime = runtime()?;
    let end = runtime.block_on(judged(client, &request))?;
    match end {
        Ok(mut evaluation) => {
            restore_names(&mut evaluation.report, &names);
            finish(args, &evaluation)
        }
        Err(code) => Ok(ExitCode::from(code)),
    }
}

fn request(order: Order, board: &str) -> SubmitRequest {
    let Order { submission, problem, options } = order;
    let name = problem.name().to_owned();
    let key = ProblemRef::Key(name.clone());
    let evaluation = EvaluationRequest {
        top: Some(submission.top),
        board: Some(board.to_owned()),
        tier: Some(options.tier),
        // What is judged here is judged anew; its files are wanted.
        options: Some(EvaluationOptions::of(options, false)),
        ..EvaluationRequest::new(key, sent_files(submission.files))
    };
    SubmitRequest {
        problems: BTreeMap::from([(name, ProblemSource::Located(Box::new(problem)))]),
        evaluations: vec![evaluation],
        ..SubmitRequest::default()
    }
}

/// The outcome; `Err` is the exit code of an interruption, after which nothing of it goes on
/// at the server.
async fn judged(
    client: &Client,
    request: &SubmitRequest,
) -> anyhow::Result<Result<Evaluation, u8>> {
    let mut interrupted = pin!(interrupted());
    let key = fresh_key();
    let mut submitting = pin!(client.submit(request, &key));
    let submission = tokio::select! {
        submission = &mut submitting => submission.map_err(told)?,
        code = &mut interrupted => {
            // It may have been accepted; then its name is needed to cancel it.
            if let Ok(Ok(submission)) = tokio::time::timeout(PUT_AWAY, submitting).await {
                cancel(client, &submission).await;
            }
            return Ok(Err(code));
        }
    };
    let id = submission.evaluations.first().context("the server accepted no evaluation")?;
    tell(format_args!("submitted as {id}"));
    tokio::select! {
        evaluation = followed(client, id) => evaluation.map(Ok),
        code = interrupted => {
            cancel(client, &submission).await;
            Ok(Err(code))
        }
    }
}

async fn cancel(client: &Client, submission: &SubmissionView) {
    let id = &submission.summary.id;
    match tokio::time::timeout(PUT_AWAY, client.cancel(id)).await {
        Ok(Ok(_)) => tell(format_args!("interrupted; {id} was cancelled at the server")),
        Ok(Err(error)) => tell(format_args!("interrupted, but {id} was not cancelled: {error}")),
        Err(_) => tell(format_args!("interrupted, but {id} may go on: the server is silent")),
    }
}

/// Shows what happens until the evaluation ends, and fetches what came of it.
async fn followed(client: &Client, id: &EvaluationId) -> anyhow::Result<Evaluation> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let display = tokio::spawn(progress::show(receiver));
    let end = follow(client, id, &sender).await;
    drop(sender);
    display.await.ok();
    end.map_err(told)?;
    evaluation(client, id).await
}

/// Passes on what happens until the evaluation has ended.
pub async fn follow(
    client: &Client,
    id: &EvaluationId,
    sender: &mpsc::UnboundedSender<Event>,
) -> Result<(), ClientError> {
    let mut events = client.events(Subject::Evaluation(id.clone()), 0);
    while let Some(event) = events.next().await? {
        if let Some(event) = as_run(event) {
            // Fails only when nobody listens.
            sender.send(event).ok();
        }
    }
    Ok(())
}

/// The event as `filbench run` itself has it, if it is one of those.
pub fn as_run(event: EventView) -> Option<Event> {
    let serde_json::Value::Object(mut data) = event.data else { return None };
    if event.kind == "requeued" {
        let fault = data.get("fault").and_then(|fault| fault["message"].as_str());
        let why = fault.unwrap_or("the server ended in the middle of it");
        return Some(Event::Preparing { what: format!("waiting for another run: {why}") });
    }
    data.insert("event".into(), event.kind.into());
    serde_json::from_value(data.into()).ok()
}

/// What came of an evaluation that has ended.
pub async fn evaluation(client: &Client, id: &EvaluationId) -> anyhow::Result<Evaluation> {
    let record = record(client, id).await?;
    let mut artifacts = Vec::new();
    for artifact in client.artifacts(id).await.map_err(told)? {
        let contents = client.artifact(id, &artifact.name).await.map_err(told)?;
        artifacts.push(Artifact { name: artifact.name, contents: contents.into() });
    }
    Ok(Evaluation { report: record.report, artifacts, golden: None })
}

/// The record of an evaluation that has ended.
pub async fn record(client: &Client, id: &EvaluationId) -> anyhow::Result<Record> {
    let view = client.evaluation(id).await.map_err(told)?;
    let EvaluationView { summary, .. } = view;
    match (summary.state, summary.ending.as_deref()) {
        (State::Ended, Some("judged")) => {}
        (State::Ended, ending) => {
            bail!("{id} ended without a verdict: {}", ending.unwrap_or("nobody knows why"))
        }
        (state, _) => bail!("{id} has no verdict yet, it is {state}; add `--follow` to wait"),
    }
    let json = client.report(id).await.map_err(told)?;
    serde_json::from_slice(&json)
        .with_context(|| format!("the report of {id} does not read; is the server newer?"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_run::{Phase, Subject as Whose};
    use serde_json::{Value, json};

    fn event(kind: &str, data: Value) -> EventView {
        EventView {
            id: Some(1),
            submission: filbench_api::types::SubmissionId::new(),
            evaluation: EvaluationId::new(),
            at_ms: Some(1),
            kind: kind.to_owned(),
            data,
        }
    }

    #[test]
    fn events_of_a_run_are_those_of_filbench_run() {
        let data = json!({"subject": "candidate", "phase": "synth"});
        let started = Event::PhaseStarted { subject: Whose::Candidate, phase: Phase::Synth };
        assert_eq!(as_run(event("phase_started", data)), Some(started));
        let data = json!({"subject": "golden", "phase": "play", "done": 1, "total": 2});
        assert!(matches!(as_run(event("progress", data)), Some(Event::Progress { done: 1, .. })));
        assert_eq!(as_run(event("queued", json!({"position": 0}))), None);
        assert_eq!(as_run(event("something_new", json!(7))), None);
        let Some(Event::Preparing { what }) =
            as_run(event("requeued", json!({"why": "lost", "fault": null})))
        else {
            panic!("it is told")
        };
        assert!(what.contains("the server ended"), "{what}");
    }
}
