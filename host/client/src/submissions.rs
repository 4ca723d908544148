//! Submissions and evaluations.

use crate::{Client, ClientError};
use bytes::Bytes;
use filbench_api::types::{
    ArtifactView, CancelView, EvaluationId, EvaluationSummary, EvaluationView, Page, SubmissionId,
    SubmissionSummary, SubmissionView, SubmitRequest,
};
use reqwest::Method;

/// Makes a repeated submission known as such.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Items of a page.
const PAGE: u32 = 500;

/// A key for a submission that was not made yet.
pub fn fresh_key() -> String {
    ulid::Ulid::generate().to_string()
}

/// Which evaluations are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this submission, in its order; of all, the newest first, where absent.
    pub submission: Option<SubmissionId>,
    /// `queued`, `running` or `ended`.
    pub state: Option<String>,
    /// `pass`, `fail`, `inconclusive` or `fault`.
    pub outcome: Option<String>,
}

impl Client {
    /// Submits. The same `key` with the same request gives the same submission, however
    /// often it is sent.
    ///
    /// # Errors
    /// When the server refuses, or does not come back in time.
    pub async fn submit(
        &self,
        request: &SubmitRequest,
        key: &str,
    ) -> Result<SubmissionView, ClientError> {
        let call = self
            .call(Method::POST, &["v1", "submissions"], &[])
            .header(IDEMPOTENCY_KEY, key)
            .json(request)?
            .idempotent();
        self.send(&call).await?.json()
    }

    /// A submission.
    ///
    /// # Errors
    /// When there is none, or the server does not answer.
    pub async fn submission(&self, id: &SubmissionId) -> Result<SubmissionView, ClientError> {
        self.send(&self.get(&["v1", "submissions", id.as_str()], &[])).await?.json()
    }

    /// The newest submissions, at most `limit`.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn submissions(&self, limit: usize) -> Result<Vec<SubmissionSummary>, ClientError> {
        let mut all = Vec::new();
        let mut before = None;
        loop {
            let mut query = vec![("limit", PAGE.min(limit as u32).max(1).to_string())];
            query.extend(before.map(|before| ("before", before)));
            let call = self.get(&["v1", "submissions"], &query);
            let page: Page<SubmissionSummary> = self.send(&call).await?.json()?;
            all.extend(page.items);
            before = page.next;
            if before.is_none() || all.len() >= limit {
                all.truncate(limit);
                return Ok(all);
            }
        }
    }

    /// Evaluations, at most `limit`.
    ///
    /// # Errors
    /// When there is no such submission, or the server does not answer.
    pub async fn evaluations(
        &self,
        wanted: &Wanted,
        limit: usize,
    ) -> Result<Vec<EvaluationSummary>, ClientError> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let mut query = vec![("limit", PAGE.min(limit as u32).max(1).to_string())];
            query.extend(wanted.state.clone().map(|state| ("state", state)));
            query.extend(wanted.outcome.clone().map(|outcome| ("outcome", outcome)));
            query.extend(after.map(|after| ("after", after)));
            let call = match &wanted.submission {
                Some(id) => self.get(&["v1", "submissions", id.as_str(), "evaluations"], &query),
                None => self.get(&["v1", "evaluations"], &query),
            };
            let page: Page<EvaluationSummary> = self.send(&call).await?.json()?;
            all.extend(page.items);
            after = page.next;
            if after.is_none() || all.len() >= limit {
                all.truncate(limit);
                return Ok(all);
            }
        }
    }

    /// The records of those evaluations of a submission that have one, in its order, as JSON
    /// lines.
    ///
    /// # Errors
    /// When there is no such submission, or the server does not answer.
    pub async fn results(&self, id: &SubmissionId) -> Result<Bytes, ClientError> {
        let call = self.get(&["v1", "submissions", id.as_str(), "results"], &[]);
        Ok(self.send(&call).await?.body)
    }

    /// Cancels what has not ended of a submission.
    ///
    /// # Errors
    /// When there is none, or the server does not answer.
    pub async fn cancel(&self, id: &SubmissionId) -> Result<CancelView, ClientError> {
        let parts = ["v1", "submissions", id.as_str()];
        self.send(&self.call(Method::DELETE, &parts, &[])).await?.json()
    }

    /// An evaluation.
    ///
    /// # Errors
    /// When there is none, or the server does not answer.
    pub async fn evaluation(&self, id: &EvaluationId) -> Result<EvaluationView, ClientError> {
        self.send(&self.get(&["v1", "evaluations", id.as_str()], &[])).await?.json()
    }

    /// The record of an evaluation that was judged, as JSON.
    ///
    /// # Errors
    /// When it has none, or the server does not answer.
    pub async fn report(&self, id: &EvaluationId) -> Result<Bytes, ClientError> {
        let call = self.get(&["v1", "evaluations", id.as_str(), "report"], &[]);
        Ok(self.send(&call).await?.body)
    }

    /// The files that an evaluation made.
    ///
    /// # Errors
    /// When there is no such evaluation, or the server does not answer.
    pub async fn artifacts(&self, id: &EvaluationId) -> Result<Vec<ArtifactView>, ClientError> {
        let call = self.get(&["v1", "evaluations", id.as_str(), "artifacts"], &[]);
        let page: Page<ArtifactView> = self.send(&call).await?.json()?;
        Ok(page.items)
    }

    /// One of these files.
    ///
    /// # Errors
    /// When it is not kept, or the server does not answer.
    pub async fn artifact(&self, id: &EvaluationId, name: &str) -> Result<Bytes, ClientError> {
        let call = self.get(&["v1", "evaluations", id.as_str(), "artifacts", name], &[]);
        Ok(self.send(&call).await?.body)
    }
}
