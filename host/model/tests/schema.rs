//! The committed schema is the one that the types give.

use filbench_model::{REPORT_SCHEMA, report_schema};
use std::path::Path;

/// Set to write the file instead of comparing it.
const UPDATE: &str = "FILBENCH_UPDATE_SCHEMA";

#[test]
fn the_committed_schema_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("report.schema.json");
    let current = report_schema();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == current,
        "{} is not what the types give; write it anew with \
         `{UPDATE}=1 cargo test -p filbench-model`, and if a field changed its meaning, \
         change REPORT_SCHEMA (now `{REPORT_SCHEMA}`)",
        path.display()
    );
}
