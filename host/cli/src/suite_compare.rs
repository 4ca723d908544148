//! `filbench suite compare`.

use crate::args::{Format, SuiteCompareArgs};
use crate::output::print;
use crate::suite_report;
use anyhow::Context as _;
use filbench_results::Difference;
use std::process::ExitCode;

/// The exit code of a regression, where it was asked for.
const EXIT_REGRESSION: u8 = 1;

/// Prints what got better and worse.
pub fn run(args: &SuiteCompareArgs) -> anyhow::Result<ExitCode> {
    let known_bad = args.known_bad.as_deref().map(suite_report::known_bad).transpose()?;
    let a = suite_report::read(&args.a, known_bad.clone())?;
    let b = suite_report::read(&args.b, known_bad.clone())?;
    let difference = Difference::between(&a, &b);
    let mut text = match args.format {
        Format::Human => difference.to_string(),
        Format::Json => {
            let json = serde_json::to_string_pretty(&difference)
                .context("the difference has a value that JSON cannot hold")?;
            format!("{json}\n")
        }
    };
    if let (Format::Human, Some(list)) = (args.format, &known_bad) {
        text.push_str("\nleft out as known to be bad\n");
        for bad in &list.problems {
            text.push_str(&format!("  {}: {}\n", bad.problem, bad.reason));
        }
    }
    print(&text).context("cannot print the difference")?;
    Ok(if args.fail_on_regression && difference.is_regression() {
        ExitCode::from(EXIT_REGRESSION)
    } else {
        ExitCode::SUCCESS
    })
}
