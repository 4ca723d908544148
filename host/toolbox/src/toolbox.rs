use crate::cache_folder::SCRATCH_FOLDER;
use crate::compiled::{self, Compiler};
use crate::eda::{self, Eda};
use crate::interrupt::{StopSigns, uninterrupted};
use crate::native::Native;
use crate::outcome::{Guess, tool_exit, worker_limits};
use crate::pins::{self, Guest};
use crate::protocol::{GuestOrder, ModuleRef, NativeOrder, Order, Reply, SCRATCH, WaveformOrder};
use crate::supervise::{Bounds, FREE_BYTES_MIN, Observed};
use crate::{JobDir, Limits, Tool, ToolExit, ToolJob, ToolRun, ToolboxError, jobdir};
use filbench_model::{ToolBackend, ToolRecord};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

/// Where a toolbox finds things.
#[derive(Clone, Debug)]
pub struct ToolboxConfig {
    /// filbench's cache; [`cache_root`](crate::cache_root) gives the user's.
    pub cache: PathBuf,
    /// The binary to start as a worker; `None` for the one that is running.
    /// Its `main` must call [`worker_main`](crate::worker_main) first thing.
    pub worker: Option<PathBuf>,
    /// Which Yosys, nextpnr and icepack run.
    pub tools: EdaTools,
}

/// Which builds of Yosys, nextpnr and icepack run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EdaTools {
    /// The pinned ones, as WebAssembly guests.
    #[default]
    Wasm,
    /// Native programs, under the sandbox that Icarus has.
    Native {
        /// The folders to look in, written like `PATH`; `None` for `PATH`.
        path: Option<OsString>,
    },
}

/// The tools, ready to run. A clone is the same toolbox.
#[derive(Clone, Debug)]
pub struct Toolbox {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    cache: PathBuf,
    compiled: PathBuf,
    worker: PathBuf,
    records: OnceLock<Vec<ToolRecord>>,
    stopped: Arc<AtomicBool>,
    /// The flow's tools, where they are native.
    native: BTreeMap<Tool, Eda>,
    reads_slang: OnceLock<bool>,
}

impl Toolbox {
    /// Finds the flow's tools and removes job folders that dead processes left. Compiles
    /// nothing: see [`prepare`](Self::prepare). Native tools are asked for their versions.
    ///
    /// # Errors
    /// [`ToolboxError::NotInstalled`] where set-up has not run,
    /// [`ToolboxError::NativeMissing`] and [`ToolboxError::NativeVersion`] where native
    /// tools will not do. That Icarus or GHDL is missing shows only when it is to be run.
    pub fn open(config: ToolboxConfig) -> Result<Toolbox, ToolboxError> {
        let mut native = BTreeMap::new();
        for tool in Tool::GUESTS {
            match &config.tools {
                EdaTools::Wasm => drop(pins::guest(&config.cache, tool)?),
                EdaTools::Native { path } => {
                    let path = path.clone().or_else(|| std::env::var_os("PATH"));
                    native.insert(tool, eda::find(tool, &path.unwrap_or_default())?);
                }
            }
        }
        let cache = config.cache.canonicalize().map_err(ToolboxError::io("find", &config.cache))?;
        let compiled = compiled::folder(&cache)?;
        let worker = match config.worker {
            Some(path) => path,
            None => std::env::current_exe().map_err(|source| ToolboxError::WorkerStart {
                path: "the running binary".into(),
                source,
            })?,
        };
        // The tools' folder has those of `flows/fetch.py`.
        for folder in [std::env::temp_dir(), cache.join(SCRATCH_FOLDER), cache.join("tools")] {
            jobdir::sweep(&folder, SystemTime::now());
        }
        let (records, stopped) = (OnceLock::new(), Arc::default());
        let reads_slang = OnceLock::new();
        let inner = Inner { cache, compiled, worker, records, stopped, native, reads_slang };
        let toolbox = Self { inner: Arc::new(inner) };
        for (&tool, eda) in &toolbox.inner.native {
            toolbox.check_version(tool, eda)?;
        }
        Ok(toolbox)
    }

    /// Whether Yosys has `read_slang`; a native one need not.
    pub fn reads_slang(&self) -> bool {
        let help = || {
            let args = vec!["-QT".into(), "-p".into(), "help read_slang".into()];
            let asked = self.ask(Tool::Yosys, args);
            asked.is_ok_and(|run| {
                run.exit == ToolExit::Exited(0)
                    && !String::from_utf8_lossy(&run.stdout).contains("No such command")
            })
        };
        self.inner.native.is_empty() || *self.inner.reads_slang.get_or_init(help)
    }

    /// Ends every job that is running, and refuses further ones: they return
    /// [`ToolboxError::Stopped`] in a fraction of a second, and their job folders
    /// are removed as they are dropped. For a program that is told to end.
    pub fn stop(&self) {
        self.inner.stopped.store(true, Ordering::Relaxed);
    }

    /// Compiles what has not been compiled for this machine yet: once, about
    /// 75 CPU seconds and 1.6 GB. Processes that do so at the same time wait for
    /// the first. `progress` gets a line for what takes long.
    pub fn prepare(&self, progress: &mut dyn FnMut(&str)) -> Result<(), ToolboxError> {
        if self.inner.native.is_empty() {
            for tool in Tool::GUESTS {
                self.compile(tool, progress)?;
            }
        }
        Ok(())
    }

    /// Runs one job to its end, blocking this thread; compiles first if
    /// [`prepare`](Self::prepare) has not. The job dies with this thread.
    ///
    /// # Errors
    /// Only where the lab failed; whatever the job does is a
    /// [`ToolExit`].
    pub fn run(&self, job: &ToolJob<'_>) -> Result<ToolRun, ToolboxError> {
        let dir =
            job.dir.canonicalize().map_err(ToolboxError::io("find the job folder", job.dir))?;
        let scratch = dir.join(SCRATCH);
        fs::create_dir_all(&scratch).map_err(ToolboxError::io("create", &scratch))?;
        let result = if self.is_guest(job.tool) {
            self.run_guest(job, dir)
        } else if job.tool == Tool::FstToVcd {
            self.run_conversion(job, dir)
        } else {
            self.run_native(job, dir)
        };
        // What is left in it is the tool's; the job folder goes with it later.
        let _ = fs::remove_dir_all(&scratch);
        result
    }

    /// The tools of this toolbox, for a report's provenance. Leaves out Icarus
    /// and GHDL where they are not installed or cannot run.
    pub fn records(&self) -> Vec<ToolRecord> {
        let all = || Tool::GUESTS.into_iter().chain(Tool::NATIVE);
        self.inner
            .records
            .get_or_init(|| all().filter_map(|tool| self.record(tool)).collect())
            .clone()
    }

    fn is_guest(&self, tool: Tool) -> bool {
        Tool::GUESTS.contains(&tool) && self.inner.native.is_empty()
    }

    /// The folder that a guest sees as `/share`, or the same of a native program: the
    /// libraries of Yosys (`ice40/cells_sim.v` and so on), the chip databases of nextpnr.
    pub fn share_dir(&self, tool: Tool) -> Option<PathBuf> {
        if let Some(eda) = self.inner.native.get(&tool) {
            return eda.share.clone();
        }
        match tool {
            Tool::Yosys | Tool::NextpnrIce40 => Some(self.guest(tool).ok()?.share),
            Tool::Icepack | Tool::Iverilog | Tool::Vvp | Tool::Ghdl | Tool::FstToVcd => None,
        }
    }

    /// The folder with SERV's RTL, the soft MCU's core.
    pub fn serv_rtl(&self) -> Result<PathBuf, ToolboxError> {
        pins::serv_rtl(&self.inner.cache)
    }

    fn guest(&self, tool: Tool) -> Result<Guest, ToolboxError> {
        pins::guest(&self.inner.cache, tool)
    }

    fn module(&self, tool: Tool, guest: &Guest) -> ModuleRef {
        ModuleRef {
            tool,
            wasm: guest.module.clone(),
            sha256: guest.sha256.to_owned(),
            compiled: self.inner.compiled.clone(),
        }
    }

    fn compile(&self, tool: Tool, progress: &mut dyn FnMut(&str)) -> Result<(), ToolboxError> {
        let guest = self.guest(tool)?;
        // Whoever waits for it, all others need it as well.
        uninterrupted(|| {
            let Inner { worker, stopped, .. } = &*self.inner;
            let stop = StopSigns::new(stopped);
            let compiler = Compiler { worker, wheel: &guest.folder, stop };
            compiler.ensure(&self.module(tool, &guest), progress)
        })
    }

    fn run_guest(&self, job: &ToolJob<'_>, dir: PathBuf) -> Result<ToolRun, ToolboxError> {
        let guest = self.guest(job.tool)?;
        let mut read_only = job.read_only.clone();
        if guest.share.is_dir() {
            read_only.push((guest.share.clone(), "/share".into()));
        }
        let bounds = self.bounds(&job.limits, &dir);
        let order = Order::Guest(GuestOrder {
            module: self.module(job.tool, &guest),
            args: job.args.clone(),
            dir: dir.clone(),
            read_only,
            limits: worker_limits(&job.limits),
        });
        let mut observed = compiled::run(&self.inner.worker, &order, &bounds)?;
        if matches!(observed.reply, Some(Reply::NotCompiled)) {
            self.compile(job.tool, &mut |line| tracing::info!("{line}"))?;
            observed = compiled::run(&self.inner.worker, &order, &bounds)?;
        }
        self.conclude(job, observed)
    }

    fn run_native(&self, job: &ToolJob<'_>, dir: PathBuf) -> Result<ToolRun, ToolboxError> {
        if !job.read_only.is_empty() {
            return Err(ToolboxError::InvalidJob {
                tool: job.tool,
                cause: "a native tool sees no folder but its own; copy the files there".into(),
            });
        }
        let native = self.native(job.tool)?;
        // Without it, `$stop` waits for commands from a terminal.
        let batch = (job.tool == Tool::Vvp).then(|| "-n".to_owned());
        let order = Order::Native(NativeOrder {
            program: native.program,
            args: batch.into_iter().chain(job.args.iter().cloned()).collect(),
            dir: dir.clone(),
            view: native.view,
            limits: worker_limits(&job.limits),
        });
        let bounds = self.bounds(&job.limits, &dir);
        let observed = compiled::run(&self.inner.worker, &order, &bounds)?;
        self.conclude(job, observed)
    }

    fn native(&self, tool: Tool) -> Result<Native, ToolboxError> {
        match self.inner.native.get(&tool) {
            Some(eda) => Ok(eda.native.clone()),
            None => Native::find(tool),
        }
    }

    fn run_conversion(&self, job: &ToolJob<'_>, dir: PathBuf) -> Result<ToolRun, ToolboxError> {
        let [input, output, names @ ..] = job.args.as_slice() else {
            return Err(ToolboxError::InvalidJob {
                tool: job.tool,
                cause: "it needs the names of an FST and of a VCD file".into(),
            });
        };
        let order = Order::Waveform(WaveformOrder {
            dir: dir.clone(),
            input: input.clone(),
            output: output.clone(),
            names: names.to_vec(),
            limits: worker_limits(&job.limits),
        });
        let observed = compiled::run(&self.inner.worker, &order, &self.bounds(&job.limits, &dir))?;
        self.conclude(job, observed)
    }

    fn bounds<'a>(&self, limits: &Limits, dir: &'a Path) -> Bounds<'a> {
        Bounds {
            wall: limits.wall,
            output_bytes: limits.output_bytes,
            dir: Some(dir),
            free_bytes_min: FREE_BYTES_MIN,
            stop: StopSigns::new(&self.inner.stopped),
        }
    }

    fn conclude(&self, job: &ToolJob<'_>, observed: Observed) -> Result<ToolRun, ToolboxError> {
        let tool = job.tool;
        let guess = Guess::of(tool, self.is_guest(tool));
        let Some(exit) = tool_exit(&job.limits, guess, &observed) else {
            return Err(match observed.reply {
                Some(Reply::NoSandbox { step, cause }) => {
                    ToolboxError::SandboxUnavailable { tool, step, cause }
                }
                Some(Reply::Failed(cause)) => ToolboxError::WorkerFailed { tool, cause },
                Some(reply) => ToolboxError::WorkerFailed { tool, cause: format!("{reply:?}") },
                None => compiled::silent(&self.inner.worker, tool, &observed),
            });
        };
        tracing::debug!(
            tool = tool.name(),
            ?exit,
            cpu_ms = observed.cpu.as_millis(),
            wall_ms = observed.wall.as_millis(),
            rss_bytes_max = observed.rss_bytes_max,
            "tool ended"
        );
        Ok(ToolRun {
            exit,
            stdout: observed.stdout,
            stderr: observed.stderr,
            cpu: observed.cpu,
            wall: observed.wall,
        })
    }
}

/// For asking a tool for its version.
const VERSION_LIMITS: Limits = Limits {
    cpu: Duration::from_secs(10),
    wall: Duration::from_secs(100),
    memory_bytes: 1 << 30,
    output_bytes: 1 << 20,
};

impl Toolbox {
    fn record(&self, tool: Tool) -> Option<ToolRecord> {
        let (version, sha256, backend) = if self.is_guest(tool) {
            let guest = self.guest(tool).ok()?;
            (guest.version.to_owned(), guest.sha256.to_owned(), ToolBackend::Wasm)
        } else {
            let program = fs::read(self.native(tool).ok()?.program).ok()?;
            let sha256 = hex::encode(Sha256::digest(program));
            (self.native_version(tool)?, sha256, ToolBackend::Native)
        };
        let (name, backend) = (tool.name().to_owned(), Some(backend));
        Some(ToolRecord { name, version, sha256, backend })
    }

    /// Runs a trusted command of a native tool.
    fn ask(&self, tool: Tool, args: Vec<String>) -> Result<ToolRun, ToolboxError> {
        let dir = JobDir::create().map_err(|error| ToolboxError::WorkerFailed {
            tool,
            cause: filbench_model::with_causes(&error),
        })?;
        let limits = VERSION_LIMITS;
        let job = ToolJob { tool, args, dir: dir.path(), read_only: Vec::new(), limits };
        // The answer is kept.
        uninterrupted(|| self.run(&job))
    }

    /// What a native tool says when it is asked for its version.
    fn asked_for_version(&self, tool: Tool) -> Result<String, ToolboxError> {
        let argument = eda::version_argument(tool).map(str::to_owned);
        let run = self.ask(tool, argument.into_iter().collect())?;
        let printed = if run.stdout.is_empty() { run.stderr } else { run.stdout };
        Ok(String::from_utf8_lossy(&printed).trim().to_owned())
    }

    /// Refuses a native tool of the flow that is too old.
    fn check_version(&self, tool: Tool, eda: &Eda) -> Result<(), ToolboxError> {
        let Some(needed) = pins::native_version(tool) else { return Ok(()) };
        let said = self.asked_for_version(tool)?;
        let found = match eda::version(&said) {
            Some(version) if eda::is_enough(version, needed) => return Ok(()),
            Some(version) => format!("{tool} {version}"),
            None => format!("of no known version (it says: {})", start(&said)),
        };
        let (path, needed) = (eda.native.program.clone(), needed.to_owned());
        Err(ToolboxError::NativeVersion { tool, path, found, needed })
    }

    fn native_version(&self, tool: Tool) -> Option<String> {
        if eda::version_argument(tool).is_none() {
            return Some("unknown".to_owned());
        }
        let text = self.asked_for_version(tool).ok()?;
        if self.inner.native.contains_key(&tool) {
            return eda::version(&text).map(str::to_owned);
        }
        // "Icarus Verilog version 11.0 (stable) ()" on stdout; from vvp "Icarus
        // Verilog runtime version 11.0 (stable) ()" on stderr; "GHDL 2.0.0 (…) …".
        let mut words = text.lines().next()?.split_whitespace();
        words.find(|word| ["version", "GHDL"].contains(word))?;
        words.next().map(str::to_owned)
    }
}

/// The start of what a program says, in one line.
fn start(said: &str) -> String {
    const LONGEST: usize = 200;
    let line = said.lines().next().unwrap_or_default();
    if line.is_empty() { "nothing".to_owned() } else { line.chars().take(LONGEST).collect() }
}
