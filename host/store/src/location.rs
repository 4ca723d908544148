//! Where a lab's store is when nobody says where.

use std::path::PathBuf;

/// The environment variable that names another folder.
const DATA: &str = "FILBENCH_DATA";

/// The folder of the store: `FILBENCH_DATA` if set, else `filbench` in the user's data
/// folder (`XDG_DATA_HOME`, or `~/.local/share`).
pub fn default_dir() -> PathBuf {
    match std::env::var_os(DATA) {
        Some(path) if !path.is_empty() => PathBuf::from(path),
        _ => directories::BaseDirs::new().map_or_else(
            || PathBuf::from(".filbench-data"),
            |dirs| dirs.data_dir().join("filbench"),
        ),
    }
}
