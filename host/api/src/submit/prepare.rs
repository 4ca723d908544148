//! What a request asks for, ready to be kept.

use super::files::{sources, unpacked};
use super::problems::{Found, Problems};
use crate::config::{ApiConfig, ApiLimits};
use crate::error::{ApiError, ErrorKind};
use crate::types::{EvaluationRequest, ProblemRef, SubmitRequest, Tier};
use bytes::Bytes;
use filbench_daemon::{Candidate, EvaluationOptions};
use filbench_model::Comparison;
use filbench_store::{BlobId, Idempotency, NewEvaluation, NewSubmission};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The board where none is asked for.
const BOARD: &str = "virtual:icebreaker";
/// Bytes of a label, a sample, a problem's name.
const WORD_MAX: usize = 200;
const PRIORITY_MAX: i32 = 100;
const DEADLINE_S_MAX: u64 = 365 * 24 * 60 * 60;

/// A request that was read and found right.
pub(crate) struct Prepared {
    blobs: BTreeMap<BlobId, Bytes>,
    order: Order,
}

/// What tells a request from another one.
#[derive(Serialize)]
struct Order {
    label: Option<String>,
    shared: bool,
    evaluations: Vec<One>,
}

#[derive(Serialize)]
struct One {
    problem: BlobId,
    problem_name: String,
    sample: String,
    candidate: BlobId,
    board: String,
    tier: String,
    options: serde_json::Value,
    priority: i32,
    deadline_s: Option<u64>,
}

impl Prepared {
    /// The board selectors that it names.
    pub(crate) fn boards(&self) -> BTreeSet<&str> {
        self.order.evaluations.iter().map(|one| one.board.as_str()).collect()
    }

    /// How many evaluations.
    pub(crate) fn len(&self) -> usize {
        self.order.evaluations.len()
    }

    /// The same for the same request, in whichever form it came.
    pub(crate) fn hash(&self) -> BlobId {
        let json = serde_json::to_vec(&self.order);
        BlobId::of(&json.expect("an order has only text keys and plain values"))
    }

    /// What is to be kept.
    pub(crate) fn blobs(&self) -> Vec<Bytes> {
        self.blobs.values().cloned().collect()
    }

    /// What goes into the queue.
    pub(crate) fn submission(
        self,
        owner: &str,
        idempotency: Option<Idempotency>,
        now_ms: i64,
    ) -> NewSubmission {
        let Order { label, shared, evaluations } = self.order;
        let new = |one: One| {
            let One {
                problem,
                problem_name,
                sample,
                candidate,
                board,
                tier,
                options,
                priority,
                deadline_s,
            } = one;
            // At most a year.
            let deadline_ms = deadline_s.map(|s| now_ms + (s as i64) * 1000);
            NewEvaluation {
                problem,
                problem_name,
                sample,
                candidate,
                board,
                tier,
                options,
                priority,
                deadline_ms,
            }
        };
        let evaluations = evaluations.into_iter().map(new).collect();
        NewSubmission { owner: owner.to_owned(), idempotency, label, shared, evaluations }
    }
}

/// A problem as evaluations use it.
#[derive(Clone)]
struct Used {
    name: String,
    blob: BlobId,
    candidates_top: Option<String>,
}

/// Makes a request ready. It reads files and waits for disks.
pub(crate) struct Resolver<'a> {
    limits: &'a ApiLimits,
    problems: Problems<'a>,
    used: BTreeMap<(ProblemRef, Option<bool>), Used>,
    /// As found, before a comparison is asked for.
    found: BTreeMap<ProblemRef, Found>,
    samples: BTreeMap<String, usize>,
    blobs: BTreeMap<BlobId, Bytes>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn prepare(
        config: &'a ApiConfig,
        request: SubmitRequest,
    ) -> Result<Prepared, ApiError> {
        let SubmitRequest { label, shared, problems, evaluations } = request;
        let max = config.limits.batch;
        if evaluations.len() > max {
            let found = evaluations.len();
            return Err(ApiError::new(
                ErrorKind::TooLarge,
                format!("the submission has {found} evaluations"),
            )
            .accepting(format!("1 to {max} evaluations; send more in further submissions")));
        }
        if evaluations.is_empty() {
            return Err(invalid("the submission has no evaluations").accepting("at least one"));
        }
        word("label", label.as_deref())?;
        for key in problems.keys() {
            word("a key of `problems`", Some(key))?;
        }
        let bounds = config.limits.bounds();
        let mut resolver = Self {
            limits: &config.limits,
            problems: Problems::new(problems, &config.suites, bounds),
            used: BTreeMap::new(),
            found: BTreeMap::new(),
            samples: BTreeMap::new(),
            blobs: BTreeMap::new(),
        };
        let mut ready = Vec::with_capacity(evaluations.len());
        for (position, evaluation) in evaluations.into_iter().enumerate() {
            let one = resolver.one(evaluation).map_err(|error| ApiError {
                detail: format!("evaluation {position}: {}", error.detail),
                ..error
            })?;
            ready.push(one);
        }
        let order = Order { label, shared, evaluations: ready };
        Ok(Prepared { blobs: resolver.blobs, order })
    }

    fn one(&mut self, request: EvaluationRequest) -> Result<One, ApiError> {
        let EvaluationRequest {
            problem,
            sample,
            top,
            files,
            archive_base64,
            board,
            tier,
            options,
            compare,
            priority,
            deadline_s,
        } = request;
        word("sample", sample.as_deref())?;
        word("top", top.as_deref())?;
        word("board", board.as_deref())?;
        if priority.abs() > PRIORITY_MAX {
            return Err(invalid(format!("the priority {priority}"))
                .accepting(format!("-{PRIORITY_MAX} to {PRIORITY_MAX}")));
        }
        if let Some(deadline_s) = deadline_s.filter(|s| !(1..=DEADLINE_S_MAX).contains(s)) {
            return Err(invalid(format!("the deadline in {deadline_s} s"))
                .accepting(format!("1 to {DEADLINE_S_MAX} s")));
        }
        let options = options.unwrap_or_default();
        if options.seeds > SEEDS_MAX {
            return Err(
                invalid(format!("{} seeds", options.seeds)).accepting(format!("up to {SEEDS_MAX}"))
            );
        }
        let used = self.problem(problem, compare)?;
        let files = unpacked(files, archive_base64.as_deref(), self.limits.bounds())?;
        if files.is_empty() {
            return Err(invalid("the candidate has no files").accepting("`files`, or an archive"));
        }
        let top = top.or(used.candidates_top);
        let candidate = self.keep(&Candidate { top, files: sources(files) });
        let number = self.samples.entry(used.name.clone()).or_default();
        *number += 1;
        Ok(One {
            problem: used.blob,
            problem_name: used.name,
            sample: sample.unwrap_or_else(|| format!("sample{number:02}")),
            candidate,
            board: board.unwrap_or_else(|| BOARD.to_owned()),
            tier: tier_name(tier.unwrap_or_default()).to_owned(),
            options: options_json(&options),
            priority,
            deadline_s,
        })
    }

    fn problem(
        &mut self,
        reference: ProblemRef,
        compare: Option<Comparison>,
    ) -> Result<Used, ApiError> {
        let key = (reference, compare.map(|compare| compare == Comparison::Bench));
        if let Some(used) = self.used.get(&key) {
            return Ok(used.clone());
        }
        if !self.found.contains_key(&key.0) {
            let found = self.problems.find(&key.0)?;
            self.found.insert(key.0.clone(), found);
        }
        let Found { name, problem, candidates_top } = &self.found[&key.0];
        let (name, candidates_top) = (name.clone(), candidates_top.clone());
        let problem = match compare {
            Some(Comparison::Bench) if !problem.has_bench() => {
                return Err(invalid(format!("the problem `{name}` has no bench that could judge"))
                    .accepting("`compare`: `every_step`, or none"));
            }
            Some(compare) => problem.clone().with_comparison(compare),
            None => problem.clone(),
        };
        let blob = self.keep(&problem);
        let used = Used { name, blob, candidates_top };
        self.used.insert(key, used.clone());
        Ok(used)
    }

    fn keep(&mut self, value: &impl Serialize) -> BlobId {
        let json = serde_json::to_vec(value).expect("files have text keys and plain values");
        let id = BlobId::of(&json);
        self.blobs.entry(id.clone()).or_insert_with(|| json.into());
        id
    }
}

/// Seeds of the place and route of the design alone.
const SEEDS_MAX: u32 = 100;

fn options_json(options: &EvaluationOptions) -> serde_json::Value {
    serde_json::to_value(options).expect("options have text keys and plain values")
}

fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Synth => "synth",
        Tier::Pnr => "pnr",
        Tier::Board => "board",
    }
}

fn word(what: &str, text: Option<&str>) -> Result<(), ApiError> {
    match text {
        Some(text) if text.is_empty() || text.len() > WORD_MAX => {
            Err(invalid(format!("{what} has {} bytes", text.len()))
                .accepting(format!("1 to {WORD_MAX} bytes")))
        }
        Some(text) if text.chars().any(char::is_control) => {
            Err(invalid(format!("{what} has control characters")).accepting("one line of text"))
        }
        _ => Ok(()),
    }
}

fn invalid(detail: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Invalid, detail)
}
