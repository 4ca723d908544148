//! Problems: recorded from test benches, imported from vector files, cached.
//!
//! A test bench decides by its own scheduling what a design sees and when. To play the
//! same to a board, [`Recorder::record`] runs the unmodified bench in Icarus with a *stub*
//! in place of the candidate. Inside the stub is the golden, and two processes that write
//! down the input ports: one wakes with the edges that clock the golden, the other with
//! any other change. What they wrote, in the order in which they wrote it, becomes the
//! problem's primitive steps.
//!
//! The steps are then *replayed*: the golden alone, one step after another, each settled.
//! Where the replay agrees with what the bench saw at the end of each of its time steps,
//! its outputs are the expected responses. Where it does not, other orders of what
//! happened at the same time are tried; where none agrees, the bench is racy.
//!
//! A golden without any bench gets steps that are made from what its netlist says of its
//! inputs, and its own replay is what is expected.
//!
//! Where the bench itself is to judge, a captured response is *played back* to it by a stub
//! with the recorder's processes and no design inside.

mod analysis;
mod bench;
mod cache;
mod candidate;
mod csv;
mod diagnostics;
mod error;
mod files;
mod fst_file;
mod generate;
mod icarus;
mod key;
mod locate;
mod logic;
mod order;
mod playback;
mod recorder;
mod recording;
mod replay;
mod source;
mod system_tasks;
mod toggles;
mod vcd_file;
mod vectors;
mod verilog;

pub use analysis::Analysis;
pub use candidate::{CandidateRun, CandidateSimulation, Ending};
pub use error::{LocateError, RecordError, VectorError};
pub use files::{PassMark, ProblemFiles, ProblemPolicy, SourceText};
pub use locate::{PROBLEM_FILE, locate};
pub use logic::Logic;
pub use playback::BenchVerdict;
pub use recorder::{Fill, Recorder};
pub use replay::first_mismatch;
pub use toggles::{NetlistSources, Toggles};
