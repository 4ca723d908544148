use super::SentFile;
use filbench_stimulus::ProblemFiles;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A problem that comes with its submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub enum ProblemSource {
    /// A folder in any layout that filbench reads.
    Files {
        /// The folder's files.
        files: Vec<SentFile>,
        /// Which problem of the folder, where it has several: a file, a folder in it, or a
        /// prefix such as `Prob031_dff`.
        select: Option<String>,
    },
    /// What `filbench` itself has read already.
    Located(Box<ProblemFiles>),
}

/// A problem: `files` (and `select`, where they are several problems), or `located`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// The files of a folder in VerilogEval's, RTLLM's or filbench's own layout, or a vector
    /// file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    files: Option<Vec<SentFile>>,
    /// Which problem of the folder: a file, a folder in it, or a prefix such as
    /// `Prob031_dff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    select: Option<String>,
    /// A problem as `filbench` reads it from a folder; for its own client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    located: Option<Box<ProblemFiles>>,
}

impl TryFrom<Fields> for ProblemSource {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, &'static str> {
        match (fields.files, fields.located, fields.select) {
            (Some(files), None, select) => Ok(Self::Files { files, select }),
            (None, Some(problem), None) => Ok(Self::Located(problem)),
            (None, Some(_), Some(_)) => Err("a `located` problem has no `select`"),
            (None, None, _) => Err("a problem has `files` or `located`"),
            (Some(_), Some(_), _) => Err("a problem has `files` or `located`, not both"),
        }
    }
}

impl From<ProblemSource> for Fields {
    fn from(source: ProblemSource) -> Self {
        match source {
            ProblemSource::Files { files, select } => {
                Self { files: Some(files), select, located: None }
            }
            ProblemSource::Located(problem) => {
                Self { files: None, select: None, located: Some(problem) }
            }
        }
    }
}

super::described_by!(ProblemSource, Fields);
