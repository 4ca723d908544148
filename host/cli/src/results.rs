//! `filbench results`.

use crate::args::{Format, ResultsArgs};
use crate::output::{make_folder, print};
use crate::remote::run::{evaluation, follow, record};
use crate::remote::{needed, runtime, told};
use crate::run::{interrupted, json, keep};
use crate::usage::Usage;
use crate::{progress, suite_report, table};
use anyhow::Context as _;
use filbench_api::types::{
    EvaluationId, EvaluationSummary, State, SubmissionId, SubmissionSummary,
};
use filbench_client::{Client, Subject, Wanted};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;

/// Shows what the arguments name.
pub fn run(args: &ResultsArgs) -> anyhow::Result<ExitCode> {
    let client = needed(&args.server)?;
    let id = args.id.as_deref().map(Id::parse).transpose()?;
    if let Some(dir) = &args.out {
        make_folder(dir)?;
    }
    runtime()?.block_on(async {
        tokio::select! {
            end = show(&client, args, id) => end,
            code = interrupted() => Ok(ExitCode::from(code)),
        }
    })
}

enum Id {
    Submission(SubmissionId),
    Evaluation(EvaluationId),
}

impl Id {
    fn parse(text: &str) -> Result<Self, Usage> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Submission(id));
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Evaluation(id));
        }
        let message = format!(
            "`{text}` is no submission (`sub_…`) and no evaluation (`eval_…`); `filbench results` \
             lists submissions"
        );
        Err(Usage::Server(message))
    }
}

async fn show(client: &Client, args: &ResultsArgs, id: Option<Id>) -> anyhow::Result<ExitCode> {
    match id {
        None => {
            let submissions = client.submissions(args.limit).await.map_err(told)?;
            print_as(args.format, &submissions, |all| submissions_table(all))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Id::Submission(id)) => submission(client, args, &id).await,
        Some(Id::Evaluation(id)) => one(client, args, &id).await,
    }
}

fn print_as<T: Serialize + ?Sized>(
    format: Format,
    what: &T,
    table: impl Fn(&T) -> String,
) -> anyhow::Result<()> {
    let text = match format {
        Format::Human => table(what),
        Format::Json => serde_json::to_string_pretty(what).context("it cannot be written")? + "\n",
    };
    print(&text).context("cannot print it; add `--out DIR` to have it in files")
}

/// An evaluation: its report, or where it stands.
async fn one(client: &Client, args: &ResultsArgs, id: &EvaluationId) -> anyhow::Result<ExitCode> {
    if args.follow {
        let (sender, receiver) = mpsc::unbounded_channel();
        let display = tokio::spawn(progress::show(receiver));
        let end = follow(client, id, &sender).await;
        drop(sender);
        display.await.ok();
        end.map_err(told)?;
    } else {
        let view = client.evaluation(id).await.map_err(told)?;
        if view.summary.state != State::Ended || view.summary.verdict.is_none() {
            print_as(args.format, &view, |view| {
                evaluations_table(std::slice::from_ref(&view.summary))
            })?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    let report = match &args.out {
        Some(dir) => {
            let evaluation = evaluation(client, id).await?;
            keep(dir, &evaluation, &json(&evaluation.report)?)?;
            evaluation.report
        }
        None => record(client, id).await?.report,
    };
    let text = match args.format {
        Format::Json => json(&report)?,
        Format::Human => table::render(&report, args.out.as_deref()),
    };
    print(&text).context("cannot print the report; add `--out DIR` to have it in a file")?;
    Ok(ExitCode::from(if args.follow { report.verdict.exit_code() } else { 0 }))
}

/// A submission: its evaluations, and with `--out` its results.
async fn submission(
    client: &Client,
    args: &ResultsArgs,
    id: &SubmissionId,
) -> anyhow::Result<ExitCode> {
    if args.follow {
        let mut events = client.events(Subject::Submission(id.clone()), 0);
        let total = client.submission(id).await.map_err(told)?.summary.counts.total();
        let mut done = 0;
        while let Some(event) = events.next().await.map_err(told)? {
            if event.is_last() {
                done += 1;
                let verdict = event.data["verdict"]["outcome"].as_str();
                let ending = verdict.or(event.data["ending"].as_str()).unwrap_or("ended");
                crate::output::tell(format_args!("{done}/{total} {}: {ending}", event.evaluation));
            }
        }
    }
    let wanted = Wanted { submission: Some(id.clone()), ..Wanted::default() };
    let evaluations = client.evaluations(&wanted, usize::MAX).await.map_err(told)?;
    if let Some(dir) = &args.out {
        fetch(client, id, dir).await?;
    }
    print_as(args.format, &evaluations, |all| evaluations_table(all))?;
    Ok(ExitCode::from(if args.follow { exit_code(&evaluations) } else { 0 }))
}

async fn fetch(client: &Client, id: &SubmissionId, dir: &Path) -> anyhow::Result<()> {
    let lines = client.results(id).await.map_err(told)?;
    let path = dir.join(suite_report::RESULTS);
    std::fs::write(&path, &lines)
        .with_context(|| format!("cannot write {}; is there room?", path.display()))?;
    suite_report::write(dir, &suite_report::read(&path, None)?)?;
    Ok(())
}

/// As `filbench suite run` has it.
fn exit_code(evaluations: &[EvaluationSummary]) -> u8 {
    use filbench_model::Outcome;
    let any = |is: &dyn Fn(&EvaluationSummary) -> bool| evaluations.iter().any(is);
    let outcome = |evaluation: &EvaluationSummary| evaluation.verdict.as_ref().map(|v| v.outcome);
    let got_through = |evaluation: &EvaluationSummary| {
        let stage = evaluation.verdict.as_ref().and_then(|verdict| verdict.stage.as_deref());
        stage == Some("not_played")
    };
    if any(&|e| matches!(outcome(e), None | Some(Outcome::Fault))) {
        3
    } else if any(&|e| outcome(e) == Some(Outcome::Fail)) {
        1
    } else {
        2 * u8::from(any(&|e| outcome(e) == Some(Outcome::Inconclusive) && !got_through(e)))
    }
}

fn submissions_table(submissions: &[SubmissionSummary]) -> String {
    let mut text = String::new();
    for submission in submissions {
        let SubmissionSummary { id, label, created_ms, counts, .. } = submission;
        let label = label.as_deref().unwrap_or_default();
        let time = time(*created_ms);
        // Writing to a string cannot fail.
        writeln!(text, "{id}  {time}  {:>4}/{:<4} ended  {label}", counts.ended, counts.total())
            .ok();
    }
    if text.is_empty() { "nothing was submitted yet\n".to_owned() } else { text }
}

fn evaluations_table(evaluations: &[EvaluationSummary]) -> String {
    let mut text = String::new();
    for evaluation in evaluations {
        let EvaluationSummary { id, problem, sample, state, ending, verdict, .. } = evaluation;
        let what = match (verdict, ending) {
            (Some(verdict), _) => match &verdict.stage {
                Some(stage) => format!("{} ({stage})", verdict.outcome),
                None => verdict.outcome.to_string(),
            },
            (None, Some(ending)) => ending.clone(),
            (None, None) => state.to_string(),
        };
        writeln!(text, "{id}  {problem} {sample}: {what}").ok();
    }
    text
}

fn time(ms: i64) -> String {
    let since = Duration::from_millis(ms.unsigned_abs());
    humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + since).to_string()
}
