//! Evaluations as they are kept, and how they are looked for.

use crate::error::{Result, StoreError};
use crate::{BlobId, EvaluationId, RunId, Store, SubmissionId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _};
use std::fmt;

/// Where an evaluation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Waits for its turn, for the first time or again.
    Queued,
    /// A run is at it.
    Running,
    /// Over; nothing changes any more.
    Ended,
}

impl State {
    /// As the database and JSON have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ended => "ended",
        }
    }

    fn of(text: &str) -> Result<Self> {
        match text {
            "queued" => Ok(Self::Queued),
            "running" => Ok(Self::Running),
            "ended" => Ok(Self::Ended),
            _ => Err(StoreError::Damaged { what: "a state", text: text.to_owned() }),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Evaluations by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateCounts {
    /// Waiting.
    pub queued: u64,
    /// At work.
    pub running: u64,
    /// Over.
    pub ended: u64,
}

impl StateCounts {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.queued + self.running + self.ended
    }

    /// From rows of `state` and `count`.
    pub(crate) fn of(rows: &[SqliteRow]) -> Result<Self> {
        let mut counts = Self::default();
        for row in rows {
            let count = row.try_get::<i64, _>("count")?.cast_unsigned();
            match State::of(row.try_get("state")?)? {
                State::Queued => counts.queued += count,
                State::Running => counts.running += count,
                State::Ended => counts.ended += count,
            }
        }
        Ok(counts)
    }
}

/// An evaluation as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRow {
    /// Its name.
    pub id: EvaluationId,
    /// What it was submitted with.
    pub submission: SubmissionId,
    /// Within the submission, from 0.
    pub position: u64,
    /// Whose.
    pub owner: String,
    /// Whether others may read it.
    pub shared: bool,
    /// The problem's files, as JSON.
    pub problem: BlobId,
    /// For people.
    pub problem_name: String,
    /// Tells candidates for the problem apart.
    pub sample: String,
    /// The candidate's files and top module, as JSON.
    pub candidate: BlobId,
    /// A board selector.
    pub board: String,
    /// `synth`, `pnr` or `board`.
    pub tier: String,
    /// Further options.
    pub options: serde_json::Value,
    /// Higher ones first.
    pub priority: i32,
    /// Ended without a verdict after this.
    pub deadline_ms: Option<i64>,
    /// When it was accepted.
    pub created_ms: i64,
    /// Not begun before this.
    pub not_before_ms: i64,
    /// Where it stands.
    pub state: State,
    /// Whether somebody asked to cancel it.
    pub cancel_asked: bool,
    /// The run that is at it.
    pub run: Option<RunId>,
    /// How many runs have begun.
    pub runs: u32,
    /// When the first run began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How it ended: `judged`, `cancelled` or `deadline`.
    pub ending: Option<String>,
    /// The verdict in a word, where it was judged.
    pub outcome: Option<String>,
    /// The verdict's stage.
    pub stage: Option<String>,
    /// The verdict in words.
    pub reason: Option<String>,
    /// The record of results, as JSON, where it was judged.
    pub record: Option<BlobId>,
}

impl EvaluationRow {
    pub(crate) fn of(row: &SqliteRow) -> Result<Self> {
        let options: String = row.try_get("options")?;
        Ok(Self {
            id: EvaluationId::stored(row.try_get("id")?),
            submission: SubmissionId::stored(row.try_get("submission")?),
            position: row.try_get::<i64, _>("position")?.cast_unsigned(),
            owner: row.try_get("owner")?,
            shared: row.try_get("shared")?,
            problem: BlobId::stored(row.try_get("problem")?),
            problem_name: row.try_get("problem_name")?,
            sample: row.try_get("sample")?,
            candidate: BlobId::stored(row.try_get("candidate")?),
            board: row.try_get("board")?,
            tier: row.try_get("tier")?,
            options: serde_json::from_str(&options)
                .map_err(|_| StoreError::Damaged { what: "options", text: options })?,
            priority: row.try_get("priority")?,
            deadline_ms: row.try_get("deadline_ms")?,
            created_ms: row.try_get("created_ms")?,
            not_before_ms: row.try_get("not_before_ms")?,
            state: State::of(row.try_get("state")?)?,
            cancel_asked: row.try_get("cancel_asked")?,
            run: row.try_get::<Option<String>, _>("run")?.map(RunId::stored),
            runs: row.try_get("runs")?,
            started_ms: row.try_get("started_ms")?,
            ended_ms: row.try_get("ended_ms")?,
            ending: row.try_get("ending")?,
            outcome: row.try_get("outcome")?,
            stage: row.try_get("stage")?,
            reason: row.try_get("reason")?,
            record: row.try_get::<Option<String>, _>("record")?.map(BlobId::stored),
        })
    }
}

/// One attempt of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Its name.
    pub id: RunId,
    /// From 1.
    pub number: u32,
    /// The daemon's, at its start.
    pub epoch: i64,
    /// When it began.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How: `judged`, `fault`, `handed_back`, `lost`, `cancelled` or `deadline`.
    pub ending: Option<String>,
    /// What failed in the lab.
    pub fault: Option<String>,
}

/// A file that an evaluation made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactRow {
    /// File name, without a folder.
    pub name: String,
    /// Its bytes' name.
    pub sha256: BlobId,
    /// In bytes.
    pub size: u64,
}

/// Who reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Sees everything.
    All,
    /// Sees its own, and what is shared.
    Owner(String),
}

impl Reader {
    /// Whether it sees what belongs to `owner`.
    pub fn sees(&self, owner: &str, shared: bool) -> bool {
        self.sees_all() || shared || self.owner() == Some(owner)
    }

    pub(crate) fn sees_all(&self) -> bool {
        matches!(self, Self::All)
    }

    pub(crate) fn owner(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Owner(owner) => Some(owner),
        }
    }
}

/// Which evaluations are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this submission, in the order of the submission; else the newest first.
    pub submission: Option<SubmissionId>,
    /// In this state.
    pub state: Option<State>,
    /// With this outcome: `pass`, `fail`, `inconclusive`, `fault`.
    pub outcome: Option<String>,
    /// Of the problem with this name.
    pub problem_name: Option<String>,
    /// The last one of the page before.
    pub after: Option<EvaluationId>,
}

/// How often a verdict was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictCount {
    /// `judged`, `cancelled` or `deadline`.
    pub ending: String,
    /// Where it was judged.
    pub outcome: Option<String>,
    /// The verdict's stage.
    pub stage: Option<String>,
    /// Evaluations.
    pub count: u64,
}

impl Store {
    /// An evaluation by its name.
    ///
    /// # Errors
    /// When there is none, or the database cannot be read.
    pub async fn evaluation(&self, id: &EvaluationId) -> Result<EvaluationRow> {
        let row = sqlx::query("SELECT * FROM evaluations WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(self.read())
            .await?;
        match row {
            Some(row) => EvaluationRow::of(&row),
            None => Err(StoreError::Missing { what: "evaluation", id: id.to_string() }),
        }
    }

    /// A page of evaluations that `reader` may see.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn evaluations(
        &self,
        reader: &Reader,
        filter: &Filter,
        limit: u32,
    ) -> Result<Vec<EvaluationRow>> {
        let mut query = QueryBuilder::new("SELECT * FROM evaluations WHERE 1 = 1");
        if let Reader::Owner(owner) = reader {
            query.push(" AND (owner = ").push_bind(owner).push(" OR shared = 1)");
        }
        if let Some(submission) = &filter.submission {
            query.push(" AND submission = ").push_bind(submission.as_str());
        }
        if let Some(state) = filter.state {
            query.push(" AND state = ").push_bind(state.name());
        }
        if let Some(outcome) = &filter.outcome {
            query.push(" AND outcome = ").push_bind(outcome);
        }
        if let Some(name) = &filter.problem_name {
            query.push(" AND problem_name = ").push_bind(name);
        }
        // Ids of one submission are in its order.
        let (than, order) = match filter.submission {
            Some(_) => (" AND id > ", " ORDER BY id LIMIT "),
            None => (" AND id < ", " ORDER BY id DESC LIMIT "),
        };
        if let Some(after) = &filter.after {
            query.push(than).push_bind(after.as_str());
        }
        query.push(order).push_bind(limit);
        let rows = query.build().fetch_all(self.read()).await?;
        rows.iter().map(EvaluationRow::of).collect()
    }

    /// The attempts of an evaluation, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runs(&self, id: &EvaluationId) -> Result<Vec<RunRow>> {
        let rows = sqlx::query("SELECT * FROM runs WHERE evaluation = ? ORDER BY number")
            .bind(id.as_str())
            .fetch_all(self.read())
            .await?;
        let run = |row: &SqliteRow| {
            Ok(RunRow {
                id: RunId::stored(row.try_get("id")?),
                number: row.try_get("number")?,
                epoch: row.try_get("epoch")?,
                started_ms: row.try_get("started_ms")?,
                ended_ms: row.try_get("ended_ms")?,
                ending: row.try_get("ending")?,
                fault: row.try_get("fault")?,
            })
        };
        rows.iter().map(run).collect()
    }

    /// The files that an evaluation made, as far as they are still kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn artifacts(&self, id: &EvaluationId) -> Result<Vec<ArtifactRow>> {
        let rows = sqlx::query(
            "SELECT name, blob, size FROM artifacts JOIN blobs ON blob = sha256 \
             WHERE evaluation = ? ORDER BY name",
        )
        .bind(id.as_str())
        .fetch_all(self.read())
        .await?;
        let artifact = |row: &SqliteRow| {
            Ok(ArtifactRow {
                name: row.try_get("name")?,
                sha256: BlobId::stored(row.try_get("blob")?),
                size: row.try_get::<i64, _>("size")?.cast_unsigned(),
            })
        };
        rows.iter().map(artifact).collect()
    }

    /// The bytes of one such file; `None` where it was not made or is not kept any more.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub async fn artifact(&self, id: &EvaluationId, name: &str) -> Result<Option<Bytes>> {
        let blob: Option<String> =
            sqlx::query_scalar("SELECT blob FROM artifacts WHERE evaluation = ? AND name = ?")
                .bind(id.as_str())
                .bind(name)
                .fetch_optional(self.read())
                .await?;
        match blob {
            Some(blob) => self.blob(&BlobId::stored(blob)).await,
            None => Ok(None),
        }
    }

    /// Evaluations by state.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn state_counts(&self) -> Result<StateCounts> {
        let rows = sqlx::query("SELECT state, COUNT(*) AS count FROM evaluations GROUP BY state")
            .fetch_all(self.read())
            .await?;
        StateCounts::of(&rows)
    }

    /// Unended evaluations of one owner, for limits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unended(&self, owner: &str) -> Result<u64> {
        let count: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM evaluations WHERE state IN ('queued', 'running') AND owner = ?",
        )
        .bind(owner)
        .fetch_one(self.read())
        .await?;
        Ok(count.cast_unsigned())
    }

    /// Ended evaluations by verdict.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verdict_counts(&self) -> Result<Vec<VerdictCount>> {
        let rows = sqlx::query(
            "SELECT ending, outcome, stage, COUNT(*) AS count FROM evaluations \
             WHERE state = 'ended' GROUP BY ending, outcome, stage \
             ORDER BY ending, outcome, stage",
        )
        .fetch_all(self.read())
        .await?;
        let count = |row: &SqliteRow| {
            Ok(VerdictCount {
                ending: row.try_get("ending")?,
                outcome: row.try_get("outcome")?,
                stage: row.try_get("stage")?,
                count: row.try_get::<i64, _>("count")?.cast_unsigned(),
            })
        };
        rows.iter().map(count).collect()
    }
}
