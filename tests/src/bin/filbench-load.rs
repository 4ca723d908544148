//! `filbench-load URL TIER COUNT PROBLEM CANDIDATE [PROBLEM CANDIDATE]…`: loads a
//! `filbench serve` with COUNT evaluations in one submission, for measurements.
//!
//! Candidates are those named, in turn, each with a comment of its own, so that none was
//! judged before. While they are judged the submission is asked for ten times a second, and
//! its events are followed. Prints a JSON object:
//!
//! ```text
//! {"accepted_s": 1.2, "drained_s": 300.0, "outcomes": {"inconclusive": 2048},
//!  "status_ms": {"count": 3000, "median": 1.0, "p99": 9.0, "max": 20.0}, "events_ms": {…}}
//! ```
//!
//! An event's time is the one from when it happened to when it was here.

use filbench_api::types::{
    EvaluationRequest, ProblemRef, ProblemSource, SentFile, SubmissionId, SubmitRequest, Tier,
};
use filbench_client::{Client, ClientConfig, Subject, Token, fresh_key};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Between two questions for the submission.
const POLL: Duration = Duration::from_millis(100);

const USAGE: &str = "usage: filbench-load URL TIER COUNT PROBLEM CANDIDATE…";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("filbench-load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<(), Failure> {
    let [url, tier, count, pairs @ ..] = &arguments[..] else { return Err(USAGE.into()) };
    let tier: Tier = serde_json::from_value(tier.clone().into())?;
    let request = request(tier, count.parse()?, pairs)?;
    let token = Token::from_environment()?;
    let client = Client::new(ClientConfig { token, ..ClientConfig::new(url) })?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!("{}", runtime.block_on(measure(client, &request))?);
    Ok(())
}

fn request(tier: Tier, count: usize, pairs: &[String]) -> Result<SubmitRequest, Failure> {
    let mut problems = BTreeMap::new();
    let mut candidates = Vec::new();
    for pair in pairs.chunks(2) {
        let [problem, candidate] = pair else { return Err(USAGE.into()) };
        let located = filbench_stimulus::locate(&PathBuf::from(problem))?;
        let name = located.name().to_owned();
        candidates.push((name.clone(), std::fs::read_to_string(candidate)?));
        problems.insert(name, ProblemSource::Located(Box::new(located)));
    }
    if candidates.is_empty() {
        return Err(USAGE.into());
    }
    // Of this run: the cache may know the comments of another.
    let run = fresh_key();
    let evaluation = |(index, (problem, text)): (usize, &(String, String))| EvaluationRequest {
        sample: Some(format!("{index}")),
        tier: Some(tier),
        ..EvaluationRequest::new(
            ProblemRef::Key(problem.clone()),
            vec![SentFile::new("TopModule.sv", format!("{text}\n// {run} {index}\n"))],
        )
    };
    let evaluations = candidates.iter().cycle().enumerate().map(evaluation).take(count).collect();
    Ok(SubmitRequest { problems, evaluations, ..SubmitRequest::default() })
}

async fn measure(client: Client, request: &SubmitRequest) -> Result<serde_json::Value, Failure> {
    let begun = Instant::now();
    let submission = client.submit(request, &fresh_key()).await?.summary.id;
    let accepted = begun.elapsed();
    let polling = tokio::spawn(poll(client.clone(), submission.clone()));
    let (mut latencies, mut outcomes) = (Vec::new(), BTreeMap::<String, u64>::new());
    // What happened before anybody listened is late through no fault of the server's.
    let listening_ms = now_ms();
    let mut events = client.events(Subject::Submission(submission), 0);
    while let Some(event) = events.next().await? {
        if let Some(at_ms) = event.at_ms.filter(|at_ms| *at_ms > listening_ms) {
            latencies.push((now_ms() - at_ms) as f64);
        }
        if event.is_last() {
            let outcome = event.data["verdict"]["outcome"].as_str().unwrap_or("none").to_owned();
            *outcomes.entry(outcome).or_default() += 1;
        }
    }
    let drained = begun.elapsed();
    let polled = polling.await??;
    Ok(serde_json::json!({
        "accepted_s": accepted.as_secs_f64(),
        "drained_s": drained.as_secs_f64(),
        "outcomes": outcomes,
        "status_ms": spread(polled),
        "events_ms": spread(latencies),
    }))
}

/// Milliseconds of each answer, until all has ended.
async fn poll(client: Client, submission: SubmissionId) -> Result<Vec<f64>, Failure> {
    let mut latencies = Vec::new();
    loop {
        let asked = Instant::now();
        let counts = client.submission(&submission).await?.summary.counts;
        latencies.push(asked.elapsed().as_secs_f64() * 1000.0);
        if counts.ended == counts.total() {
            return Ok(latencies);
        }
        tokio::time::sleep(POLL).await;
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn spread(mut values: Vec<f64>) -> serde_json::Value {
    values.sort_by(f64::total_cmp);
    let at = |part: f64| match values.len() {
        0 => 0.0,
        count => values[((count - 1) as f64 * part).round() as usize],
    };
    serde_json::json!({
        "count": values.len(), "median": at(0.5), "p99": at(0.99), "max": at(1.0)
    })
}
