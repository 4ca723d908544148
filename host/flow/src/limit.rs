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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_the_designs_doing_and_what_is_not() {
        let limits = Limits {
            cpu: Duration::from_secs(60),
            wall: Duration::from_secs(600),
            memory_bytes: 1 << 30,
            output_bytes: 1 << 20,
        };
        let refusal = |exit| refusal(Tool::Yosys, &exit, limits);
        for exit in [
            ToolExit::CpuLimit,
            ToolExit::MemoryLimit,
            ToolExit::OutputLimit,
            ToolExit::Trapped("wasm trap: call stack exhausted".into()),
        ] {
            let refused = refusal(exit.clone()).unwrap();
            assert!(refused.is_some_and(|r| r.stage == FailStage::Limit), "{exit:?}");
        }
        assert_eq!(refusal(ToolExit::Exited(1)).unwrap(), None);
        assert_eq!(refusal(ToolExit::Trapped("wasm trap: unreachable".into())).unwrap(), None);
        assert_eq!(refusal(ToolExit::WallLimit).unwrap_err().place, FaultPlace::Host);
        assert_eq!(refusal(ToolExit::Killed(9)).unwrap_err().place, FaultPlace::Tool);
    }
}
