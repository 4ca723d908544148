//! Files of the cache: written whole or not at all.

use serde::Serialize;
use std::io::{self, Write as _};
use std::path::Path;

/// Writes `value` as `dir/name`, safe with several processes at it.
pub(crate) fn json(dir: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    serde_json::to_writer_pretty(&mut file, value)?;
    file.flush()?;
    file.persist(dir.join(name))?;
    Ok(())
}
