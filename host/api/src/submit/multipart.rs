//! One evaluation as a form, for `curl -F`.

use crate::config::ApiLimits;
use crate::error::{ApiError, ErrorKind};
use crate::state::too_large;
use crate::types::{EvaluationRequest, ProblemRef, ProblemSource, SentFile, SubmitRequest};
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// What a form may have.
const PARTS: &str = "`problem` (files) or `suite` and `problem_name`, `candidate` (files), \
                     `select`, `top`, `sample`, `label`, `shared`, `board`, `tier`, `compare`, \
                     `options` (JSON), `priority`, `deadline_s`";
/// What a problem is called where nothing says.
const PROBLEM: &str = "problem";

#[derive(Default)]
struct Form {
    problem: Vec<SentFile>,
    candidate: Vec<SentFile>,
    texts: BTreeMap<String, String>,
}

/// Reads a form. It is whole when this returns.
pub(super) async fn read(
    mut parts: Multipart,
    limits: &ApiLimits,
) -> Result<SubmitRequest, ApiError> {
    let mut form = Form::default();
    let refused = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(limits.body_bytes),
        _ => ApiError::new(ErrorKind::Malformed, format!("the form: {}", error.body_text())),
    };
    while let Some(part) = parts.next_field().await.map_err(refused)? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "problem" | "candidate" => {
                let file = file(&name, part).await.map_err(|error| match error {
                    Broken::Form(error) => refused(error),
                    Broken::Refused(error) => error,
                })?;
                match name.as_str() {
                    "problem" => form.problem.push(file),
                    _ => form.candidate.push(file),
                }
            }
            "suite" | "problem_name" | "select" | "top" | "sample" | "label" | "shared"
            | "board" | "tier" | "compare" | "options" | "priority" | "deadline_s" => {
                let text = part.text().await.map_err(refused)?;
                if form.texts.insert(name.clone(), text).is_some() {
                    return Err(invalid(format!("the form has `{name}` twice")).accepting(PARTS));
                }
            }
            _ => return Err(invalid(format!("the form has a part `{name}`")).accepting(PARTS)),
        }
    }
    form.into_request()
}

enum Broken {
    Form(MultipartError),
    Refused(ApiError),
}

async fn file(part_name: &str, part: Field<'_>) -> Result<SentFile, Broken> {
    let Some(name) = part.file_name().map(str::to_owned) else {
        return Err(Broken::Refused(
            invalid(format!("a part `{part_name}` has no file name"))
                .accepting(format!("`-F {part_name}=@FILE`")),
        ));
    };
    let contents = part.bytes().await.map_err(Broken::Form)?;
    Ok(SentFile { name, contents: contents.into() })
}

impl Form {
    fn into_request(mut self) -> Result<SubmitRequest, ApiError> {
        let (suite, problem_name) = (self.take("suite"), self.take("problem_name"));
        let select = self.take("select");
        let mut problems = BTreeMap::new();
        let problem = match (suite, problem_name) {
            (Some(suite), Some(problem)) if self.problem.is_empty() && select.is_none() => {
                ProblemRef::Suite { suite, problem }
            }
            (None, name) if !self.problem.is_empty() => {
                let files = std::mem::take(&mut self.problem);
                let name = name.or_else(|| select.clone()).unwrap_or_else(|| name_of(&files));
                problems.insert(name.clone(), ProblemSource::Files { files, select });
                ProblemRef::Key(name)
            }
            _ => {
                return Err(invalid("the form does not say which problem is meant")
                    .accepting("files as `problem`, or `suite` and `problem_name`, but not both"));
            }
        };
        let evaluation = EvaluationRequest {
            problem,
            sample: self.take("sample"),
            top: self.take("top"),
            files: std::mem::take(&mut self.candidate),
            archive_base64: None,
            board: self.take("board"),
            tier: self.word("tier")?,
            options: self.json("options")?,
            compare: self.word("compare")?,
            priority: self.json("priority")?.unwrap_or_default(),
            deadline_s: self.json("deadline_s")?,
        };
        Ok(SubmitRequest {
            label: self.take("label"),
            shared: self.json("shared")?.unwrap_or_default(),
            problems,
            evaluations: vec![evaluation],
        })
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.texts.remove(name)
    }

    /// A part that is JSON.
    fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.take(name) else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| wrong(name, &error))
    }

    /// A part that is one of several words.
    fn word<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, ApiError> {
        let Some(text) = self.take(name) else { return Ok(None) };
        serde_json::from_value(text.into()).map(Some).map_err(|error| wrong(name, &error))
    }
}

/// What files in VerilogEval's layout are called; others say nothing.
fn name_of(files: &[SentFile]) -> String {
    let name = files.iter().find_map(|file| file.name.strip_suffix("_ref.sv"));
    name.filter(|name| !name.is_empty()).unwrap_or(PROBLEM).to_owned()
}

fn wrong(name: &str, error: &serde_json::Error) -> ApiError {
    invalid(format!("the form's `{name}`: {error}"))
}

fn invalid(detail: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::Invalid, detail)
}
