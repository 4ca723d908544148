//! A candidate in simulation, on a problem's steps.
//!
//! Nobody vouches for a candidate, and it shares the simulator with the bench that drives
//! it. What keeps the two apart:
//!
//! - The folder has the candidate's own files; no golden, no test bench, no expected
//!   response. The bench stands before the candidate's files, so that none of their macros
//!   and directives reaches it.
//! - All names of the bench, of its files and of the image are new random ones, so that no
//!   source can include, refer to, force or assign what it has no name for. File names and
//!   names in the design's scopes are unrelated: what `%m` tells at run time is not the
//!   name of a file.
//! - The steps are written when the candidate has been compiled: its text cannot depend on
//!   them.
//! - Handles of files can be guessed, so whatever calls the simulator's file tasks is not run;
//!   see [`system_tasks`].
//! - What is printed is never looked at.
//!
//! What is left to a hostile candidate is to drive its ports with what it likes, or to end or
//! never end the simulation, each of which is an [`Ending`] of its own. It knows no golden,
//! and no verdict comes from here.

use crate::icarus::Simulation;
use crate::recorder::{Fill, filled};
use crate::replay::{parse, steps_text};
use crate::verilog::{ReplayNames, replay};
use crate::{Logic, RecordError, SourceText, system_tasks};
use filbench_model::{Diagnostic, Problem};
use filbench_toolbox::{Limits, Toolbox};
use std::time::Duration;

/// What a candidate may use, in compilation and for each setting of unknown inputs.
const LIMITS: Limits = Limits {
    cpu: Duration::from_secs(30),
    wall: Duration::from_secs(300),
    memory_bytes: 1 << 30,
    // And the responses.
    output_bytes: 16 << 20,
};

/// How far a simulation came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// To the last step.
    Whole,
    /// The candidate ended it before the last step.
    Early,
    /// The simulator does not compile the candidate; its first error, or its own words.
    Rejected(String),
    /// The candidate calls this system task, with which it could reach the simulator's
    /// files; it was not run.
    Refused(String),
    /// It ran into this limit.
    Limit(String),
}

/// A candidate's responses in simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateRun {
    /// How unknown inputs were set.
    pub fill: Fill,
    /// To the problem's steps from the first on, as far as it came.
    pub responses: Vec<Logic>,
    /// How far it came.
    pub ending: Ending,
}

/// A candidate in simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateSimulation {
    /// One run for each setting of unknown inputs, as on a board; one in all where it was
    /// not run.
    pub runs: Vec<CandidateRun>,
    /// What the simulator said of the candidate's sources, errors first.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles and runs it.
pub(crate) fn simulate(
    toolbox: &Toolbox,
    problem: &Problem,
    sources: &[SourceText],
    top: &str,
) -> Result<CandidateSimulation, RecordError> {
    let interface = &problem.interface;
    let names = secret_names()?;
    let responses_bytes = problem.steps.len() * (interface.output_bits().max(1) + 1);
    let limits = Limits { output_bytes: LIMITS.output_bytes + responses_bytes as u64, ..LIMITS };
    let secrets = vec![
        names.bench_file.clone(),
        names.top.clone(),
        names.prefix.clone(),
        names.steps_file.clone(),
        names.responses_file.clone(),
    ];
    let mut simulation = Simulation::new(toolbox, &problem.name, "the candidate")?
        .of_candidate()
        .with_limits(limits)
        .with_secrets(format!("{}.vvp", secret()?), secrets);
    let bench = replay(top, interface, &problem.event_inputs, &names);
    simulation.own(&names.bench_file, bench)?;
    simulation.sources(sources)?;
    let compiled = simulation
        .compile(&[&names.top])
        .and_then(|warnings| simulation.image().map(|image| (image, warnings)));
    let (diagnostics, stopped) = match compiled {
        Ok((image, warnings)) => (warnings, system_tasks::forbidden(&image).map(Ending::Refused)),
        Err(error) => (error.diagnostics().to_vec(), Some(ending(error)?)),
    };
    if let Some(ending) = stopped {
        let run = CandidateRun { fill: Fill::Zero, responses: Vec::new(), ending };
        return Ok(CandidateSimulation { runs: vec![run], diagnostics });
    }

    let fills: &[Fill] =
        if problem.has_unknown_inputs() { &[Fill::Zero, Fill::One] } else { &[Fill::Zero] };
    let mut runs = Vec::new();
    for &fill in fills {
        let steps = problem.steps.iter().map(|step| filled(step, fill));
        simulation.own(&names.steps_file, steps_text(steps))?;
        // Of the run before.
        simulation.own(&names.responses_file, "")?;
        let ended = simulation.execute();
        let text = simulation.output(&names.responses_file)?;
        let responses = parse(&text, interface.output_bits())
            .filter(|responses| responses.len() <= problem.steps.len())
            .ok_or_else(|| simulation.no_record("not what the bench writes".to_owned()))?;
        let ending = match ended {
            Err(error) => ending(error)?,
            Ok(_) if responses.len() == problem.steps.len() => Ending::Whole,
            Ok(_) => Ending::Early,
        };
        runs.push(CandidateRun { fill, responses, ending });
    }
    Ok(CandidateSimulation { runs, diagnostics })
}

/// How the candidate ended the simulation, unless it was the lab.
fn ending(error: RecordError) -> Result<Ending, RecordError> {
    match error {
        RecordError::Rejected { said, .. } => Ok(Ending::Rejected(said)),
        RecordError::Endless { how, .. } => Ok(Ending::Limit(how)),
        error => Err(error),
    }
}

fn secret_names() -> Result<ReplayNames, RecordError> {
    Ok(ReplayNames {
        top: secret()?,
        prefix: format!("{}_", secret()?),
        bench_file: format!("{}.sv", secret()?),
        steps_file: secret()?,
        responses_file: secret()?,
    })
}

/// A name that nobody can guess.
fn secret() -> Result<String, RecordError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(RecordError::Entropy)?;
    Ok(format!("fb{}", hex::encode(bytes)))
}
