//! How much of a golden moves under generated stimulus; kept in the cache, as every
//! candidate's report says it.

use crate::build::Order;
use crate::context::{Context, blocking};
use crate::fingerprint::Fingerprint;
use crate::keep;
use filbench_flow::{Design, GateModel, Submission, Synthesis};
use filbench_model::{Fault, Problem, Verdict};
use filbench_stimulus::{NetlistSources, ProblemFiles, SourceText, Toggles};
use filbench_toolbox::CacheFolder;
use std::path::Path;
use std::sync::Arc;

/// The golden's share that moves under generated stimulus; `None` for other stimulus, and
/// where it could not be found out: nothing hangs on the figure. `design` is the golden where
/// it is there already.
pub(crate) async fn counted(
    context: &Context,
    files: &ProblemFiles,
    golden: Option<&Arc<Submission>>,
    design: Option<Arc<Design>>,
    problem: &Arc<Problem>,
    order: &Order,
) -> Option<Toggles> {
    let golden = golden.filter(|_| files.is_generated())?;
    match of_golden(context, golden, design, problem, order).await {
        Ok(toggles) => Some(toggles),
        Err(verdict) => {
            tracing::warn!(problem = problem.name, reason = verdict.reason, "no count of nets");
            None
        }
    }
}

/// Found or made.
async fn of_golden(
    context: &Context,
    golden: &Arc<Submission>,
    design: Option<Arc<Design>>,
    problem: &Arc<Problem>,
    order: &Order,
) -> Result<Toggles, Verdict> {
    let key = Fingerprint::default()
        .add(&context.program_sha256()?)
        .add(&problem.source_sha256)
        .add(golden)
        .add(&order.board.device)
        .add(&context.toolbox.records())
        .name();
    let work = async {
        if let Some(toggles) = context.toggles.find(&key) {
            return Ok(toggles);
        }
        let design = match design {
            Some(design) => design,
            None => synthesise(context, golden, order).await?,
        };
        let toggles = simulate(context, design, problem).await?;
        context.toggles.keep(&key, &toggles);
        Ok(toggles)
    };
    context.toggling.join(&key, work).await
}

/// Without an event: the golden is on its way through the chain at the same time.
async fn synthesise(
    context: &Context,
    golden: &Arc<Submission>,
    order: &Order,
) -> Result<Arc<Design>, Verdict> {
    let _turn = context.turn().await;
    let (flow, golden, order) = (context.flow.clone(), Arc::clone(golden), order.for_golden());
    let synthesis =
        blocking(move || flow.synthesise(&golden, &order.policy, order.board.device)).await??;
    match synthesis {
        Synthesis::Design(design) => Ok(Arc::new(*design)),
        Synthesis::Rejected(rejection) => Err(rejection.verdict),
    }
}

async fn simulate(
    context: &Context,
    design: Arc<Design>,
    problem: &Arc<Problem>,
) -> Result<Toggles, Fault> {
    let _turn = context.turn().await;
    let (flow, recorder) = (context.flow.clone(), Arc::clone(&context.recorder));
    let problem = Arc::clone(problem);
    blocking(move || {
        let GateModel { netlist, cells, top, nets } = flow.gate_model(&design)?;
        let file = |name: &str, text: String| SourceText {
            name: name.to_owned(),
            contents: text.into_bytes(),
        };
        let files = [file("cells.v", cells), file("netlist.v", netlist)];
        let netlist = NetlistSources { files: &files, top, nets: &nets };
        recorder.toggles(&problem, &netlist).map_err(Fault::from)
    })
    .await?
}

/// The folder of such figures, one file for each golden and stimulus.
#[derive(Clone, Debug)]
pub(crate) struct KeptToggles {
    dir: CacheFolder,
}

impl KeptToggles {
    pub(crate) fn new(cache: &Path) -> Self {
        Self { dir: CacheFolder::new(cache, "toggles") }
    }

    fn find(&self, key: &str) -> Option<Toggles> {
        let text = std::fs::read(self.dir.join(format!("{key}.json"))).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn keep(&self, key: &str, toggles: &Toggles) {
        if let Err(error) = keep::json(&self.dir, &format!("{key}.json"), toggles) {
            tracing::warn!(%error, path = %self.dir.path().display(), "a count of nets was not kept");
        }
    }
}
