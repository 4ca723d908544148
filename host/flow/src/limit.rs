//! What it means that a tool was stopped.

use crate::guard::Refusal;
use filbench_model::{FailStage, Fault, FaultPlace};
use filbench_toolbox::{Limits, Tool, ToolExit};

/// The refusal of a design on which `tool` ran into a limit, `None` when it
/// ended by itself.
///
/// # Errors
/// A fault where the stop says nothing about the design: the machine gave the
/// job too little time, or something outside killed it.
pub(crate) fn refusal(
    tool: Tool,
    exit: &ToolExit,
    limits: Limits,
) -> Result<Option<Refusal>, Fault> {
    let reason = match exit {
        ToolExit::Exited(_) => return Ok(None),
        ToolExit::CpuLimit => format!("{tool} used up its {} s of CPU time", limits.cpu.as_secs()),
        ToolExit::MemoryLimit => {
            format!("{tool} asked for more than {} MiB", limits.memory_bytes >> 20)
        }
        ToolExit::OutputLimit => {
            format!("{tool} wrote more than {} MiB", limits.output_bytes >> 20)
        }
        // The words are the runtime's own, not the guest's.
        ToolExit::Trapped(trap) if trap.contains("call stack exhausted") => {
            format!("{tool} ran out of stack")
        }
        ToolExit::Trapped(_) => return Ok(None),
        ToolExit::WallLimit => {
            return Err(Fault::new(
                FaultPlace::Host,
                format!(
                    "{tool} did not get its {} s of CPU time within {} s; run fewer jobs at once",
                    limits.cpu.as_secs(),
                    limits.wall.as_secs()
                ),
            ));
        }
        ToolExit::Killed(signal) => {
            return Err(Fault::new(
                FaultPlace::Tool,
                format!(
                    "{tool} was killed by signal {signal} from outside; look for the kernel's \
                     out-of-memory killer in `dmesg`"
                ),
            ));
        }
    };
    Ok(Some(Refusal { stage: FailStage::Limit, reason }))
}
