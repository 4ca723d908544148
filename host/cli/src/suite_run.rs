//! `filbench suite run`.

use crate::args::{Format, SuiteRunArgs, ToolsArg};
use crate::output::{make_folder, print, tell};
use crate::run::{PUT_AWAY, interrupted};
use crate::usage::Usage;
use crate::{remote, suite_report};
use anyhow::Context as _;
use filbench_lab::Selector;
use filbench_model::Outcome;
use filbench_run::{Context, ContextConfig, Options};
use filbench_suite::{
    Candidates, Finished, Journal, Line, Observer, Runner, Settings, Suite, Summary, Task, plan,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// What was judged so far, in the order in which it came; `--resume` reads it.
const JOURNAL: &str = "journal.jsonl";
/// The folder of waveforms.
pub(crate) const WAVEFORMS: &str = "waveforms";
/// Where a problem goes that has no room beside the fixture on the first board.
pub(crate) const LARGER_BOARD: &str = "virtual:ice40_hx8k_b_evn";

/// Judges a suite and prints what came of it.
pub fn run(args: &SuiteRunArgs) -> anyhow::Result<ExitCode> {
    if let Some(client) = remote::client(&args.server)? {
        if args.judging.tools != ToolsArg::Wasm {
            return Err(Usage::NotAtServer { option: "--tools" }.into());
        }
        return remote::suite::run(args, &client);
    }
    let (suite, tasks) = tasks(args)?;
    let boards = boards(&args.board)?;
    let journal = journal(args)?;
    let config = ContextConfig {
        cache: filbench_toolbox::cache_root(),
        program: None,
        tools: args.judging.tools.into(),
    };
    let context = Context::open(config).map_err(anyhow::Error::new)?;
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok());
    let workers = jobs.unwrap_or(NonZeroUsize::MIN);
    let context = Arc::new(context.with_slots(args.slots, workers));
    let settings = Settings {
        boards,
        options: Options { tier: args.tier.into(), ..args.judging.options() },
        compare: args.judging.compare.map(Into::into),
        stimulus_seed: args.judging.stimulus_seed,
        // Designs that wait for company have to be there to be company.
        jobs: match args.slots.get() {
            1 => workers.get(),
            slots => workers.get().max(2 * slots),
        },
        reuse: !args.no_cache,
        waveforms: args.out.as_ref().map(|dir| dir.join(WAVEFORMS)),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime; are threads forbidden here?")?;
    let mut display = Display::new(tasks.len());
    let runner = Runner::new(Arc::clone(&context), settings);
    let end = runtime.block_on(async {
        tokio::select! {
            end = runner.run(&suite, &tasks, journal, &mut display) => Ok(end),
            code = interrupted() => Err(code),
        }
    });
    display.end();
    let (summary, journal) = match end {
        Ok(end) => end?,
        Err(code) => {
            context.stop();
            runtime.shutdown_timeout(PUT_AWAY);
            match &args.out {
                Some(dir) => tell(format_args!(
                    "interrupted; the same command with `--resume` goes on from {}",
                    dir.join(JOURNAL).display()
                )),
                None => tell(format_args!("interrupted; with `--out DIR` a run can be resumed")),
            }
            return Ok(ExitCode::from(code));
        }
    };
    conclude(args, &summary, &journal, &tasks)
}

/// What was judged before, with `--resume`, and room for what will be.
pub(crate) fn journal(args: &SuiteRunArgs) -> anyhow::Result<Journal> {
    let Some(dir) = &args.out else {
        if args.resume {
            let message = "`--resume` needs the folder of the run: add `--out DIR`";
            return Err(Usage::Suite(message.into()).into());
        }
        return Ok(Journal::temporary()?);
    };
    make_folder(dir)?;
    Ok(Journal::open(&dir.join(JOURNAL), args.resume)?)
}

/// Keeps what is to be kept, prints the summary, and gives its exit code.
pub(crate) fn conclude(
    args: &SuiteRunArgs,
    summary: &Summary,
    journal: &Journal,
    tasks: &[Task],
) -> anyhow::Result<ExitCode> {
    if let Some(dir) = &args.out {
        keep(dir, journal, tasks)?;
    }
    let text = match args.format {
        Format::Json => {
            let mut text = serde_json::to_string_pretty(summary)
                .context("the summary has a value that JSON cannot hold")?;
            text.push('\n');
            text
        }
        Format::Human => table(summary, args.out.as_deref()),
    };
    print(&text).context("cannot print the summary; add `--out DIR` to have it in files")?;
    Ok(ExitCode::from(summary.exit_code()))
}

/// What is to be judged, from the folders that the arguments name.
pub(crate) fn tasks(args: &SuiteRunArgs) -> anyhow::Result<(Suite, Vec<Task>)> {
    // The error's cause is told by whoever prints the chain.
    let suite = Suite::open(&args.path, args.layout.map(Into::into)).map_err(usage)?;
    let candidates = args.candidates.as_ref();
    let candidates = candidates.map(|path| Candidates::find(path, &suite.problems)).transpose();
    let candidates = candidates.map_err(usage)?;
    let remarks = candidates.iter().flat_map(|found| &found.remarks);
    for remark in suite.remarks.iter().chain(remarks) {
        tell(format_args!("{remark}"));
    }
    let tasks = plan(&suite, candidates.as_ref(), args.samples.map(NonZeroUsize::get));
    Ok((suite, tasks))
}

fn usage(error: filbench_suite::SuiteError) -> Usage {
    let cause = std::error::Error::source(&error).map(|source| format!(": {source}"));
    Usage::Suite(format!("{error}{}", cause.unwrap_or_default()))
}

/// The boards to try, the asked one first; a virtual one has a larger one behind it.
fn boards(asked: &str) -> Result<Vec<Selector>, Usage> {
    let parse = |text: &str| {
        Selector::without_daemon(text).map_err(|error| Usage::Board(error.to_string()))
    };
    let mut boards: Vec<Selector> = vec![parse(asked)?];
    if asked.starts_with("virtual:") && asked != LARGER_BOARD {
        boards.push(parse(LARGER_BOARD)?);
    }
    Ok(boards)
}

/// Writes the results and everything that is made from them.
fn keep(dir: &Path, journal: &Journal, tasks: &[Task]) -> anyhow::Result<()> {
    let path = dir.join(suite_report::RESULTS);
    let names =
        tasks.iter().map(|task| (task.problem.name.as_str(), task.candidate.sample.as_str()));
    journal.write_results(&path, names)?;
    suite_report::write(dir, &suite_report::read(&path, None)?)?;
    Ok(())
}

/// The progress of a suite, on stderr.
pub(crate) struct Display {
    bar: ProgressBar,
    /// Where lines are not overwritten each evaluation gets one.
    is_plain: bool,
}

impl Display {
    pub(crate) fn new(total: usize) -> Self {
        let is_plain = !std::io::stderr().is_terminal();
        let bar = if is_plain { ProgressBar::hidden() } else { ProgressBar::new(total as u64) };
        let template = "{elapsed} [{bar:30}] {pos}/{len}, {eta} left  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, is_plain }
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Display {
    fn started(&mut self, task: &Task) {
        self.bar.set_message(format!("{} {}", task.problem.name, task.candidate.sample));
    }

    fn finished(&mut self, finished: &Finished) {
        let Finished { problem, sample, verdict, took, done, total } = finished;
        let line = format!("{problem} {sample}: {verdict}");
        if self.is_plain {
            tell(format_args!("{done}/{total} {line} ({:.1} s)", took.as_secs_f64()));
        } else if verdict.outcome != Outcome::Pass {
            self.bar.println(line);
        }
        self.bar.inc(1);
    }
}

fn table(summary: &Summary, out: Option<&Path>) -> String {
    let mut text = String::new();
    let total = summary.evaluations.len();
    let pass = summary.count(Outcome::Pass);
    // Writing to a string cannot fail.
    writeln!(text, "{} ({}): {pass} of {total} pass", summary.suite, summary.layout).ok();
    for (stage, count) in &summary.stages {
        writeln!(text, "  {count:>5}  {stage}").ok();
    }
    let is_expected = |line: &Line| line.outcome == Outcome::Pass || line.got_through();
    for line in summary.evaluations.iter().filter(|line| !is_expected(line)) {
        let reason = line.reason.lines().next().unwrap_or_default();
        writeln!(text, "{} {}: {}: {reason}", line.problem, line.sample, line.verdict()).ok();
    }
    if let Some(dir) = out {
        writeln!(text, "results in {}; look at report.html there", dir.display()).ok();
    }
    text
}
