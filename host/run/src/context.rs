//! What evaluations share: tools, flow, recorder, boards, firmware, caches.

use crate::activity::Activity;
use crate::alone::Timings;
use crate::analyse::{Analyses, Known};
use crate::batch::Batches;
use crate::evaluation::Evaluation;
use crate::flight::Flights;
use crate::memory::Evaluations;
use crate::proof::Proofs;
use crate::refusals::Refusals;
use crate::toggles::KeptToggles;
use filbench_flow::{Firmware, Flow};
use filbench_lab::{Place, Selector};
use filbench_model::{ClockTiming, Fault, FaultPlace, Problem, TimingAlone};
use filbench_stimulus::{Recorder, Toggles};
use filbench_toolbox::{EdaTools, Interrupt, Toolbox, ToolboxConfig};
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The boards within reach.
///
/// The lab implements it; tests put in boards whose cables misbehave.
pub trait Table: Send + Sync {
    /// Takes the place that `selector` names.
    ///
    /// # Errors
    /// A fault when there is no such board, or it cannot be had.
    fn open(&self, selector: &Selector) -> Result<Box<dyn Place>, Fault>;
}

/// Where an evaluation's surroundings are.
#[derive(Clone, Debug)]
pub struct ContextConfig {
    /// Root of the user's cache.
    pub cache: PathBuf,
    /// The `filbench` program, which is also the tools' worker and the
    /// virtual board; `None` for the running one.
    pub program: Option<PathBuf>,
    /// Which Yosys, nextpnr and icepack run.
    pub tools: EdaTools,
}

/// What evaluations share; safe to use from several at once. A clone shares all of it.
#[derive(Clone)]
pub struct Context {
    pub(crate) toolbox: Toolbox,
    pub(crate) flow: Flow,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) table: Arc<dyn Table>,
    pub(crate) analyses: Analyses,
    pub(crate) proofs: Proofs,
    pub(crate) firmware: Arc<Firmware>,
    pub(crate) activity: Activity,
    pub(crate) batches: Arc<Batches>,
    /// How many tools and boards may be at work at a time.
    workers: Arc<Semaphore>,
    /// Whether a board at work counts among them.
    boards_are_workers: bool,
    pub(crate) refusals: Refusals,
    pub(crate) evaluations: Evaluations,
    /// Goldens' syntheses in progress, by golden.
    pub(crate) analysing: Arc<Flights<Known>>,
    /// Recordings in progress, by problem.
    pub(crate) recording: Arc<Flights<Arc<Problem>>>,
    /// Proofs in progress, by claim.
    pub(crate) proving: Arc<Flights<Vec<ClockTiming>>>,
    pub(crate) toggles: KeptToggles,
    /// Goldens' netlists in simulation, by golden and stimulus.
    pub(crate) toggling: Arc<Flights<Toggles>>,
    pub(crate) timings: Timings,
    /// Goldens' timings by themselves in progress, by golden and seeds.
    pub(crate) timing: Arc<Flights<TimingAlone>>,
    /// Evaluations in progress that are to be done once.
    pub(crate) evaluating: Arc<Flights<Evaluation>>,
    program: PathBuf,
    program_sha256: Arc<OnceLock<String>>,
}

impl Context {
    /// Finds tools and firmware; starts nothing.
    ///
    /// # Errors
    /// A fault that says which set-up command is missing.
    pub fn open(config: ContextConfig) -> Result<Self, Fault> {
        let cache = config.cache;
        let program = match config.program {
            Some(program) => program,
            None => std::env::current_exe().map_err(|error| {
                Fault::new(
                    FaultPlace::Host,
                    format!("the running program is not to be found: {error}"),
                )
            })?,
        };
        let (worker, tools) = (Some(program.clone()), config.tools);
        let toolbox = ToolboxConfig { cache: cache.clone(), worker, tools };
        let toolbox = Toolbox::open(toolbox)
            .map_err(|error| Fault::new(FaultPlace::Tool, error.to_string()))?;
        let flow = Flow::new(toolbox.clone(), cache.clone());
        let (activity, workers) =
            (Activity::new(), Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)));
        let alone = NonZeroUsize::MIN;
        Ok(Self {
            batches: Arc::new(Batches::new(
                flow.clone(),
                activity.clone(),
                Arc::clone(&workers),
                alone,
            )),
            activity,
            workers,
            boards_are_workers: true,
            flow,
            recorder: Arc::new(Recorder::new(toolbox.clone(), &cache)),
            table: Arc::new(LabTable { program: program.clone() }),
            analyses: Analyses::new(&cache),
            proofs: Proofs::new(&cache),
            firmware: Arc::new(built_firmware(&cache)?),
            refusals: Refusals::new(&cache),
            evaluations: Evaluations::new(&cache),
            analysing: Arc::default(),
            recording: Arc::default(),
            proving: Arc::default(),
            toggles: KeptToggles::new(&cache),
            toggling: Arc::default(),
            timings: Timings::new(&cache),
            timing: Arc::default(),
            evaluating: Arc::default(),
            program,
            program_sha256: Arc::default(),
            toolbox,
        })
    }

    /// The same surroundings in which up to `slots` designs share a bitstream (as far
    /// as they fit; 1 for none), and `workers` tools and boards are at work at a time.
    ///
    /// Designs wait for company, so evaluations of a suite should run many at a
    /// time, twice `slots` or more: those that wait cost nothing but the memory of
    /// their netlists. Nobody waits for company while nothing else is being done.
    #[must_use]
    pub fn with_slots(self, slots: NonZeroUsize, workers: NonZeroUsize) -> Self {
        let workers = Arc::new(Semaphore::new(workers.get().min(Semaphore::MAX_PERMITS)));
        let (flow, activity) = (self.flow.clone(), self.activity.clone());
        let batches = Arc::new(Batches::new(flow, activity, Arc::clone(&workers), slots));
        Self { batches, workers, ..self }
    }

    /// Waits until one more tool or board may be at work; it counts until the permit is
    /// dropped.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes the semaphore.
        self.workers().acquire_owned().await.ok()
    }

    /// Where [`turn`](Self::turn)s are waited for, for work of its own task.
    pub(crate) fn workers(&self) -> Arc<Semaphore> {
        Arc::clone(&self.workers)
    }

    /// Waits until one more board may be at work, where that is not the boards' own to say.
    pub(crate) async fn board_turn(&self) -> Option<OwnedSemaphorePermit> {
        if self.boards_are_workers { self.turn().await } else { None }
    }

    /// The same surroundings with boards of which so many are at work as
    /// [`Place::reserve`] lets: tools go on meanwhile.
    #[must_use]
    pub fn with_reserved_boards(self, table: Arc<dyn Table>) -> Self {
        Self { boards_are_workers: false, ..self.with_table(table) }
    }

    /// The same surroundings with other boards.
    #[must_use]
    pub fn with_table(self, table: Arc<dyn Table>) -> Self {
        Self { table, ..self }
    }

    /// The `filbench` program, which virtual boards run.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What the soft MCU runs.
    pub fn firmware_image(&self) -> &[u8] {
        &self.firmware.image
    }

    /// SHA-256 of the `filbench` program: flow, recorder and virtual board are
    /// in it, so what is kept in the cache is good for this one only. Reads the
    /// file the first time.
    pub(crate) fn program_sha256(&self) -> Result<&str, Fault> {
        if let Some(sha256) = self.program_sha256.get() {
            return Ok(sha256);
        }
        let mut hasher = Sha256::new();
        std::fs::File::open(&self.program)
            .and_then(|mut file| std::io::copy(&mut file, &mut hasher))
            .map_err(|error| {
                Fault::new(
                    FaultPlace::Host,
                    format!("cannot read the program {}: {error}", self.program.display()),
                )
            })?;
        Ok(self.program_sha256.get_or_init(|| hex::encode(hasher.finalize())))
    }

    /// Ends every tool that is running and refuses further ones, for a
    /// program that is told to end. What waits for them returns in a fraction
    /// of a second.
    pub fn stop(&self) {
        self.toolbox.stop();
    }
}

/// The boards of this machine.
struct LabTable {
    program: PathBuf,
}

impl Table for LabTable {
    fn open(&self, selector: &Selector) -> Result<Box<dyn Place>, Fault> {
        let place = selector
            .open(&self.program)
            .map_err(|error| Fault::new(FaultPlace::Host, error.to_string()))?;
        Ok(Box::new(place))
    }
}

/// The image that `cargo xtask firmware` put into the cache.
fn built_firmware(cache: &Path) -> Result<Firmware, Fault> {
    let path = cache.join("firmware/soft.bin");
    let image = std::fs::read(&path).map_err(|error| {
        Fault::new(
            FaultPlace::Firmware,
            format!(
                "the soft MCU's firmware is not built ({}: {error}); run `cargo xtask setup`",
                path.display()
            ),
        )
    })?;
    Ok(Firmware::new(image))
}

/// Does work that blocks, such as a tool's run, beside the runtime. Dropped, it ends the tool.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    let interrupt = Interrupt::default();
    tokio::task::spawn_blocking(interrupt.watch(work)).await.map_err(|error| {
        Fault::new(
            FaultPlace::Host,
            format!("a part of filbench panicked ({error}); please report it with this submission"),
        )
    })
}
