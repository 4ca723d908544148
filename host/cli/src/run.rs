//! `filbench run`.

use crate::args::{Format, RunArgs, ToolsArg};
use crate::output::{make_folder, print, tell};
use crate::usage::Usage;
use crate::{bounded, progress, remote, table};
use anyhow::Context as _;
use filbench_flow::{Firmware, SourceFile, Submission};
use filbench_lab::Selector;
use filbench_model::{Comparison, Report};
use filbench_run::{Context, ContextConfig, Evaluation, Options, evaluate, fault_report};
use filbench_stimulus::ProblemFiles;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::mpsc;

/// The exit code after SIGINT, as shells have it: 128 and the signal.
const EXIT_INTERRUPTED: u8 = 130;
/// The exit code after SIGTERM.
const EXIT_TERMINATED: u8 = 143;
/// What a file of a candidate may have.
const CANDIDATE_BYTES_MAX: u64 = 16 << 20;
/// More than any MCU has memory for.
const FIRMWARE_BYTES_MAX: u64 = 1 << 20;
/// How long an interrupted evaluation may take to put its things away.
pub(crate) const PUT_AWAY: Duration = Duration::from_secs(5);

/// Judges a candidate and prints the report.
pub fn run(args: &RunArgs) -> anyhow::Result<ExitCode> {
    if let Some(client) = remote::client(&args.server)? {
        if args.firmware.is_some() {
            return Err(Usage::NotAtServer { option: "--firmware" }.into());
        }
        if args.judging.tools != ToolsArg::Wasm {
            return Err(Usage::NotAtServer { option: "--tools" }.into());
        }
        return remote::run::run(args, &client);
    }
    let selector =
        Selector::without_daemon(&args.board).map_err(|error| Usage::Board(error.to_string()))?;
    let order = Order::read(args)?;
    let config = ContextConfig {
        cache: filbench_toolbox::cache_root(),
        program: None,
        tools: args.judging.tools.into(),
    };
    let context = match Context::open(config) {
        Ok(context) => context,
        Err(fault) => {
            let evaluation = fault_report(&order.submission, &order.options, fault);
            return finish(args, &evaluation);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime; are threads forbidden here?")?;
    let end = runtime.block_on(async {
        let (sender, receiver) = mpsc::unbounded_channel();
        let display = tokio::spawn(progress::show(receiver));
        let evaluation =
            evaluate(&context, order.submission, order.problem, &selector, &order.options, sender);
        let end = tokio::select! {
            evaluation = evaluation => Ok(Box::new(evaluation)),
            code = interrupted() => Err(code),
        };
        // The sender went away with the evaluation, so the display ends.
        display.await.ok();
        end
    });
    match end {
        Ok(evaluation) => finish(args, &evaluation),
        Err(code) => {
            context.stop();
            runtime.shutdown_timeout(PUT_AWAY);
            tell(format_args!("interrupted"));
            Ok(ExitCode::from(code))
        }
    }
}

/// The exit code of the signal that ends the program.
pub(crate) async fn interrupted() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the signals end the program at once.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => EXIT_INTERRUPTED,
        _ = terminate.recv() => EXIT_TERMINATED,
    }
}

/// What the arguments ask for, read and checked; the board is checked by whoever has it.
pub(crate) struct Order {
    pub(crate) submission: Submission,
    pub(crate) problem: ProblemFiles,
    pub(crate) options: Options,
}

impl Order {
    pub(crate) fn read(args: &RunArgs) -> Result<Self, Usage> {
        let files = candidate(&args.files)?;
        let problem = filbench_stimulus::locate(&args.problem)
            .map_err(|error| Usage::Problem(error.to_string()))?;
        let problem = match args.judging.compare.map(Comparison::from) {
            Some(Comparison::Bench) if !problem.has_bench() => {
                return Err(Usage::Problem(format!(
                    "`{}` has no test bench that could judge; leave out `--compare bench`",
                    problem.name()
                )));
            }
            Some(comparison) => problem.with_comparison(comparison),
            None => problem,
        };
        let problem = match args.judging.stimulus_seed {
            Some(_) if !problem.is_generated() => {
                return Err(Usage::Problem(format!(
                    "the stimulus of `{}` is not generated; leave out `--stimulus-seed`",
                    problem.name()
                )));
            }
            Some(seed) => problem.with_stimulus_seed(seed),
            None => problem,
        };
        let firmware = match &args.firmware {
            Some(path) => Some(firmware(path)?),
            None => None,
        };
        if let Some(dir) = &args.out {
            make_folder(dir)?;
        }
        let top = args.top.clone().unwrap_or_else(|| problem.top().to_owned());
        Ok(Self {
            submission: Submission { files, top },
            problem,
            options: Options { firmware, ..args.judging.options() },
        })
    }
}

/// The candidate's files, under the names that the user typed.
fn candidate(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Usage> {
    paths
        .iter()
        .map(|path| {
            let contents = bounded::read(path, CANDIDATE_BYTES_MAX)
                .map_err(|source| Usage::Candidate { path: path.clone(), source })?;
            Ok(SourceFile { name: path.to_string_lossy().into_owned(), contents })
        })
        .collect()
}

fn firmware(path: &Path) -> Result<Firmware, Usage> {
    let image = bounded::read(path, FIRMWARE_BYTES_MAX)
        .map_err(|source| Usage::Firmware { path: path.to_owned(), source })?;
    Ok(Firmware::new(image))
}

/// Keeps what is to be kept, prints the report, and gives its exit code.
pub(crate) fn finish(args: &RunArgs, evaluation: &Evaluation) -> anyhow::Result<ExitCode> {
    let report = &evaluation.report;
    let json = json(report)?;
    let kept = args.out.as_ref().map_or(Ok(()), |dir| keep(dir, evaluation, &json));
    let text = match args.format {
        Format::Json => json,
        Format::Human => table::render(report, args.out.as_deref()),
    };
    print(&text).context("cannot print the report; add `--out DIR` to have it in a file")?;
    // A folder that is full costs nobody the verdict.
    kept?;
    Ok(ExitCode::from(report.verdict.exit_code()))
}

pub(crate) fn json(report: &Report) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(report)
        .context("the report has a value that JSON cannot hold")?;
    text.push('\n');
    Ok(text)
}

/// Writes report and artifacts into `dir`; those of an earlier evaluation
/// that this one does not have are removed.
pub(crate) fn keep(dir: &Path, evaluation: &Evaluation, json: &str) -> anyhow::Result<()> {
    let write = |name: &str, contents: &[u8]| {
        let path = dir.join(name);
        std::fs::write(&path, contents)
            .inspect_err(|_| drop(std::fs::remove_file(&path)))
            .with_context(|| format!("cannot write {}; is there room?", path.display()))
    };
    for name in filbench_run::ARTIFACTS {
        std::fs::remove_file(dir.join(name)).ok();
    }
    for artifact in &evaluation.artifacts {
        write(&artifact.name, &artifact.contents)?;
    }
    write("report.json", json.as_bytes())
}
