//! What evaluations share: tools, flow, recorder, boards, firmware, caches.

use crate::proof::Proofs;
use filbench_flow::{Firmware, Flow};
use filbench_lab::{Place, Selector};
use filbench_model::{Fault, FaultPlace};
use filbench_stimulus::Recorder;
use filbench_toolbox::{Toolbox, ToolboxConfig};
use std::path::PathBuf;
use std::sync::Arc;

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
}

/// What evaluations share; cheap to keep, safe to use from several at once.
pub struct Context {
    pub(crate) toolbox: Toolbox,
    pub(crate) flow: Arc<Flow>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) table: Arc<dyn Table>,
    pub(crate) proofs: Proofs,
    pub(crate) firmware: Arc<Firmware>,
}
