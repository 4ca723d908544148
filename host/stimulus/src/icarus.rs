//! Icarus in a job folder: compile, simulate, read what was left.

use crate::diagnostics::{self, Compilation, JobFile};
use crate::{RecordError, SourceText};
use filbench_model::{Diagnostic, DiagnosticSubject, first_error};
use filbench_toolbox::{JobDir, JobDirError, Limits, Tool, ToolExit, ToolJob, ToolRun, Toolbox};
use std::time::Duration;

/// A bench, however long, must be over in this time.
const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(120),
    wall: Duration::from_secs(1200),
    memory_bytes: 2 << 30,
    output_bytes: BYTES_MAX,
};
/// What one simulation may write.
pub(crate) const BYTES_MAX: u64 = 1 << 30;
/// The compiled simulation.
const IMAGE: &str = "filbench_simulation.vvp";
/// How the names of our own files begin.
const OWN: &str = "filbench_";
/// The sources' folder, so that no source takes a file of ours.
const SOURCES: &str = "src";
/// How much of Icarus' own words an error repeats.
const SAID_MAX: usize = 600;

/// How a simulation that ended by itself ended.
pub(crate) struct Ended {
    /// What it printed.
    pub(crate) printed: Vec<u8>,
    /// Its exit status.
    pub(crate) status: i32,
}

/// One simulation, in a fresh folder.
pub(crate) struct Simulation<'a> {
    toolbox: &'a Toolbox,
    dir: JobDir,
    problem: &'a str,
    what: &'a str,
    limits: Limits,
    /// Names that nobody may know before the simulation; messages do not repeat them.
    secrets: Vec<String>,
    /// The compiled simulation.
    image: String,
    /// Arguments for the sources, in order.
    sources: Vec<String>,
    /// The files that were handed in.
    files: Vec<JobFile>,
    /// Whose they are.
    subject: DiagnosticSubject,
}

impl<'a> Simulation<'a> {
    /// A simulation of `what`, for messages, of the problem `problem`, whose own files it has.
    pub(crate) fn new(
        toolbox: &'a Toolbox,
        problem: &'a str,
        what: &'a str,
    ) -> Result<Self, RecordError> {
        let (dir, limits) = (JobDir::create()?, LIMITS);
        Ok(Self {
            toolbox,
            dir,
            problem,
            what,
            limits,
            secrets: Vec::new(),
            image: IMAGE.to_owned(),
            sources: Vec::new(),
            files: Vec::new(),
            subject: DiagnosticSubject::Problem,
        })
    }

    /// The same with files of a candidate.
    pub(crate) fn of_candidate(self) -> Self {
        Self { subject: DiagnosticSubject::Candidate, ..self }
    }

    /// The same with these limits.
    pub(crate) fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same with `image` as the compiled simulation's name, and messages in which
    /// `secrets` are not repeated.
    pub(crate) fn with_secrets(self, image: String, secrets: Vec<String>) -> Self {
        Self { image, secrets, ..self }
    }

    /// Adds files that were handed in. Those that are no sources also go where `$readmemh`
    /// looks for them.
    pub(crate) fn sources(&mut self, files: &[SourceText]) -> Result<(), RecordError> {
        for file in files {
            let tidy = tidy(&file.name);
            let name = format!("{SOURCES}/{tidy}");
            self.dir.write(&name, &file.contents)?;
            // A name that comes twice is the last one's file.
            self.files.retain(|known| known.name != name);
            self.files.push(JobFile::new(name.clone(), &file.name, &file.contents));
            if !file.is_source() {
                self.dir.write(&tidy, &file.contents)?;
            } else if !self.sources.contains(&name) {
                self.sources.push(name);
            }
        }
        Ok(())
    }

    /// Adds a file of our own: a source when its name ends in `.sv`.
    pub(crate) fn own(
        &mut self,
        name: &str,
        contents: impl AsRef<[u8]>,
    ) -> Result<(), RecordError> {
        self.dir.write(name, contents)?;
        if name.ends_with(".sv") {
            self.sources.push(name.to_owned());
        }
        Ok(())
    }

    /// Compiles the sources with these roots, and runs them to the end.
    pub(crate) fn run(&self, tops: &[&str]) -> Result<Ended, RecordError> {
        self.compile(tops)?;
        self.execute()
    }

    /// Compiles the sources with these roots; gives the warnings.
    pub(crate) fn compile(&self, tops: &[&str]) -> Result<Vec<Diagnostic>, RecordError> {
        let mut args: Vec<String> =
            ["-g2012", "-grelative-include", "-I", SOURCES, "-o", &self.image]
                .map(Into::into)
                .into();
        for top in tops {
            args.extend(["-s".to_owned(), (*top).to_owned()]);
        }
        args.extend(self.sources.iter().cloned());
        let run = self.tool(Tool::Iverilog, args)?;
        self.undisturbed(Tool::Iverilog, &run.exit)?;
        if run.exit != ToolExit::Exited(0) {
            return Err(self.rejected(Tool::Iverilog, &run));
        }
        Ok(self.diagnostics(&run, Compilation::Succeeded))
    }

    /// Runs what was compiled to the end.
    pub(crate) fn execute(&self) -> Result<Ended, RecordError> {
        // `-none`: a bench's own waveform goes nowhere.
        let run = self.tool(Tool::Vvp, vec![self.image.clone(), "-none".into()])?;
        self.undisturbed(Tool::Vvp, &run.exit)?;
        match &run.exit {
            // A bench may end with any status, by `$fatal` for instance.
            ToolExit::Exited(status) => Ok(Ended { status: *status, printed: run.stdout }),
            _ => Err(self.rejected(Tool::Vvp, &run)),
        }
    }

    /// An error where something outside ended the tool, and not what it was given.
    fn undisturbed(&self, tool: Tool, exit: &ToolExit) -> Result<(), RecordError> {
        disturbance(exit, &self.limits).map_or(Ok(()), |how| {
            let (problem, what) = (self.problem.to_owned(), self.what.to_owned());
            Err(RecordError::Disturbed { problem, tool, what, how })
        })
    }

    /// The compiled simulation.
    pub(crate) fn image(&self) -> Result<Vec<u8>, RecordError> {
        self.output(&self.image)
    }

    /// What the simulation left under `name`.
    pub(crate) fn output(&self, name: &str) -> Result<Vec<u8>, RecordError> {
        match self.dir.read(name, BYTES_MAX) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => {
                Err(self
                    .no_record("no file; a `$finish` at its very start is one cause".to_owned()))
            }
            Err(JobDirError::NotAnOutput { found, .. }) => Err(self.no_record(found)),
            Err(error) => Err(error.into()),
        }
    }

    /// The error for an output that makes no sense.
    pub(crate) fn no_record(&self, found: String) -> RecordError {
        RecordError::NoRecord {
            problem: self.problem.to_owned(),
            what: self.what.to_owned(),
            found,
        }
    }

    fn tool(&self, tool: Tool, args: Vec<String>) -> Result<ToolRun, RecordError> {
        let (dir, limits) = (self.dir.path(), self.limits);
        let job = ToolJob { tool, args, dir, read_only: Vec::new(), limits };
        Ok(self.toolbox.run(&job)?)
    }

    /// Why a tool did not come to a good end.
    fn rejected(&self, tool: Tool, run: &ToolRun) -> RecordError {
        let (problem, limits) = (self.problem.to_owned(), &self.limits);
        let how = match &run.exit {
            ToolExit::CpuLimit => Some(format!("{} s of CPU time", limits.cpu.as_secs())),
            ToolExit::MemoryLimit => Some(format!("{} of memory", mib(limits.memory_bytes))),
            ToolExit::OutputLimit => Some(format!("{} of output", mib(limits.output_bytes))),
            _ => None,
        };
        if let Some(how) = how {
            return RecordError::Endless { problem, what: self.what.to_owned(), how };
        }
        let diagnostics = match tool {
            Tool::Iverilog => self.diagnostics(run, Compilation::Failed),
            // What a simulation prints is not what a tool says of its sources.
            _ => Vec::new(),
        };
        let said = first_error(&diagnostics).unwrap_or_else(|| self.last_words(run));
        RecordError::Rejected { problem, tool, what: self.what.to_owned(), said, diagnostics }
    }

    fn diagnostics(&self, run: &ToolRun, compilation: Compilation) -> Vec<Diagnostic> {
        diagnostics::parse(&self.printed(run), compilation, &self.files, self.subject)
    }

    /// The start of what a tool printed that ended badly.
    fn last_words(&self, run: &ToolRun) -> String {
        let mut said = self.printed(run).trim().to_owned();
        if said.is_empty() {
            said = format!("it ended with {:?} and said nothing", run.exit);
        }
        if let Some((at, _)) = said.char_indices().nth(SAID_MAX) {
            said.truncate(at);
            said.push('…');
        }
        said
    }

    /// What a tool printed, without secrets.
    fn printed(&self, run: &ToolRun) -> String {
        let printed = String::from_utf8_lossy(&run.stderr).into_owned();
        self.secrets.iter().fold(printed, |text, secret| text.replace(secret.as_str(), "filbench"))
    }
}

/// What outside the tool ended it; `None` if that was its own or its input's doing.
fn disturbance(exit: &ToolExit, limits: &Limits) -> Option<String> {
    match exit {
        ToolExit::WallLimit => Some(format!(
            "it did not get its {} s of CPU time within {} s; run fewer jobs at once",
            limits.cpu.as_secs(),
            limits.wall.as_secs()
        )),
        // Other signals are those of a crash.
        ToolExit::Killed(
            signal @ (libc::SIGKILL | libc::SIGTERM | libc::SIGINT | libc::SIGHUP),
        ) => Some(format!(
            "it was killed by signal {signal} from outside; look for the kernel's \
                 out-of-memory killer in `dmesg`"
        )),
        _ => None,
    }
}

/// A relative path of plain characters, and none of our own files.
fn tidy(name: &str) -> String {
    let parts: Vec<String> = name
        .split(['/', '\\'])
        .filter(|part| !matches!(*part, "" | "." | ".."))
        .map(|part| {
            let plain =
                |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
            let part: String = part.chars().map(plain).collect();
            match part.strip_prefix(['.', '-']) {
                Some(rest) => format!("_{rest}"),
                None if part.starts_with(OWN) => format!("_{part}"),
                None => part,
            }
        })
        .collect();
    if parts.is_empty() { "design.v".to_owned() } else { parts.join("/") }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{Fault, FaultPlace};

    #[test]
    fn what_the_machine_does_is_no_property_of_the_problem() {
        for exit in [ToolExit::WallLimit, ToolExit::Killed(libc::SIGKILL)] {
            let how = disturbance(&exit, &LIMITS).unwrap();
            let (problem, what) = ("dff".to_owned(), "the test bench".to_owned());
            let error = RecordError::Disturbed { problem, tool: Tool::Vvp, what, how };
            assert_eq!(Fault::from(error).place, FaultPlace::Tool, "{exit:?}");
        }
        for exit in [ToolExit::CpuLimit, ToolExit::Killed(libc::SIGSEGV), ToolExit::Exited(1)] {
            assert_eq!(disturbance(&exit, &LIMITS), None, "{exit:?}");
        }
    }
}
