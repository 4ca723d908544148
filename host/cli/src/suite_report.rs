//! `filbench suite report`, and what `suite run` ends with: everything that
//! is made from `results.jsonl`.

use crate::args::SuiteReportArgs;
use crate::output::{print, tell};
use crate::usage::Usage;
use anyhow::Context as _;
use filbench_results::{
    KnownBad, SuiteResults, Summary, read_jsonl, write_csv, write_html, write_junit,
};
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The records of a suite, a line each.
pub const RESULTS: &str = "results.jsonl";

/// Makes the reports anew.
pub fn run(args: &SuiteReportArgs) -> anyhow::Result<ExitCode> {
    let known_bad = args.known_bad.as_deref().map(known_bad).transpose()?;
    let results = read(&args.dir, known_bad)?;
    for path in write(&args.dir, &results)? {
        print(&format!("{}\n", path.display())).context("cannot print the reports' names")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the results at `path`: a folder with `results.jsonl`, or such a file.
pub fn read(path: &Path, known_bad: Option<KnownBad>) -> anyhow::Result<SuiteResults> {
    let file = if path.is_dir() { path.join(RESULTS) } else { path.to_owned() };
    let opened =
        File::open(&file).map_err(|source| Usage::Results { path: file.clone(), source })?;
    let lines = read_jsonl(BufReader::new(opened))
        .map_err(|error| Usage::NoResults { path: file.clone(), source: Box::new(error) })?;
    if let Some(torn) = lines.torn {
        tell(format_args!(
            "{}: line {} was torn by an interruption and is left out; \
             `filbench suite run … --resume` completes the results",
            file.display(),
            torn.line
        ));
    }
    Ok(SuiteResults::new(&title(path), lines.records, known_bad))
}

/// The shipped list of a suite, or a file with a list.
pub fn known_bad(name: &str) -> anyhow::Result<KnownBad> {
    let path = Path::new(name);
    let list = if path.is_file() {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Usage::Results { path: path.to_owned(), source })?;
        KnownBad::parse(&text)
    } else {
        KnownBad::shipped(name)
    };
    list.map_err(|error| Usage::KnownBad(format!("{error}")).into())
}

/// Writes `results.csv`, `junit.xml`, `report.html` and `summary.json` into `dir`, and
/// returns their paths.
pub fn write(dir: &Path, results: &SuiteResults) -> anyhow::Result<Vec<PathBuf>> {
    let mut files: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut csv = Vec::new();
    write_csv(&mut csv, results).context("cannot write the CSV file")?;
    files.push(("results.csv", csv));
    let mut junit = Vec::new();
    write_junit(&mut junit, results).context("cannot write the JUnit file")?;
    files.push(("junit.xml", junit));
    let mut html = Vec::new();
    write_html(&mut html, results).context("cannot write the HTML report")?;
    files.push(("report.html", html));
    let mut summary = serde_json::to_vec_pretty(&Summary::of(results))
        .context("the summary has a value that JSON cannot hold")?;
    summary.push(b'\n');
    files.push(("summary.json", summary));
    files
        .into_iter()
        .map(|(name, contents)| {
            let path = dir.join(name);
            File::create(&path)
                .and_then(|mut file| file.write_all(&contents))
                .with_context(|| format!("cannot write {}; is there room?", path.display()))?;
            Ok(path)
        })
        .collect()
}

/// The folder's name, without the way to it.
fn title(path: &Path) -> String {
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    folder
        .and_then(|folder| folder.canonicalize().ok())
        .and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "results".to_owned())
}
