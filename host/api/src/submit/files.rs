//! Files of a request, archives among them unpacked.

use crate::archive::unpack;
use crate::error::{ApiError, ErrorKind};
use crate::files::{Bounds, FileSet};
use crate::types::SentFile;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filbench_stimulus::SourceText;

/// What archives are called.
const ARCHIVES: [&str; 4] = [".tar", ".tar.gz", ".tgz", ".zip"];

/// The files of a candidate or a problem.
pub(super) fn unpacked(
    files: Vec<SentFile>,
    archive_base64: Option<&str>,
    bounds: Bounds,
) -> Result<FileSet, ApiError> {
    let mut set = FileSet::new(bounds);
    for SentFile { name, contents } in files {
        let lower = name.to_ascii_lowercase();
        if ARCHIVES.iter().any(|suffix| lower.ends_with(suffix)) {
            unpack(&contents, &mut set)?;
        } else {
            set.add(&name, contents)?;
        }
    }
    if let Some(base64) = archive_base64 {
        let archive = STANDARD.decode(base64).map_err(|error| {
            ApiError::new(ErrorKind::Invalid, format!("`archive_base64` is none: {error}"))
                .accepting("a .tar, .tar.gz or .zip, in base 64")
        })?;
        unpack(&archive, &mut set)?;
    }
    Ok(set)
}

/// As the daemon has them.
pub(super) fn sources(set: FileSet) -> Vec<SourceText> {
    set.into_files().map(|(name, contents)| SourceText { name, contents }).collect()
}
