//! Vectors in a compressed waveform (FST) of a design that is known to be good.
//!
//! A worker of the toolbox takes the file apart, whatever it may be, and rewrites the
//! variables with the ports' names as VCD; the rest is as for that format.

use crate::{RecordError, SourceText, VectorError};
use filbench_model::Interface;
use filbench_toolbox::{JobDir, JobDirError, Limits, Tool, ToolExit, ToolJob, Toolbox};
use std::time::Duration;

const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(20),
    wall: Duration::from_secs(300),
    memory_bytes: 512 << 20,
    output_bytes: VCD_BYTES_MAX,
};
/// What the ports' changes may come to as VCD.
const VCD_BYTES_MAX: u64 = 512 << 20;
const INPUT: &str = "waveform.fst";
const OUTPUT: &str = "waveform.vcd";
/// How much of the reader's own words an error repeats.
const SAID_MAX: usize = 300;

/// The error without a line: those of the VCD are nobody's.
pub(crate) fn of_the_whole(error: RecordError) -> RecordError {
    match error {
        RecordError::Vectors(error) => VectorError { line: 0, ..error }.into(),
        error => error,
    }
}

/// `file` as VCD, under its own name.
pub(crate) fn rewrite(
    toolbox: &Toolbox,
    problem: &str,
    file: &SourceText,
    interface: &Interface,
) -> Result<SourceText, RecordError> {
    let dir = JobDir::create()?;
    dir.write(INPUT, &file.contents)?;
    let names = interface.ports.iter().map(|port| port.name.clone());
    let args = [INPUT, OUTPUT].map(str::to_owned).into_iter().chain(names).collect();
    let job = ToolJob {
        tool: Tool::FstToVcd,
        args,
        dir: dir.path(),
        read_only: Vec::new(),
        limits: LIMITS,
    };
    let run = toolbox.run(&job)?;
    let invalid = |message: String| VectorError { file: file.name.clone(), line: 0, message };
    match &run.exit {
        ToolExit::Exited(0) => {}
        ToolExit::WallLimit | ToolExit::Killed(libc::SIGKILL) => {
            return Err(RecordError::Disturbed {
                problem: problem.to_owned(),
                tool: Tool::FstToVcd,
                what: format!("`{}`", file.name),
                how: format!("it ended with {:?}", run.exit),
            });
        }
        exit => {
            let said = String::from_utf8_lossy(&run.stderr);
            let said: String = said.trim().chars().take(SAID_MAX).collect();
            let how = match exit {
                ToolExit::Exited(_) | ToolExit::Trapped(_) => said,
                limit => format!("{limit:?}"),
            };
            return Err(invalid(format!(
                "no FST that can be read: {how}; convert it with `fst2vcd` and give the .vcd"
            ))
            .into());
        }
    }
    match dir.read(OUTPUT, VCD_BYTES_MAX) {
        Ok(Some(contents)) => Ok(SourceText { name: file.name.clone(), contents }),
        Ok(None) => Err(invalid("no waveform came out of it".to_owned()).into()),
        Err(JobDirError::NotAnOutput { found, .. }) => Err(invalid(found).into()),
        Err(error) => Err(error.into()),
    }
}
