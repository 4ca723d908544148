//! Results of suites: their records, and what is computed and shown from them.
//!
//! Pure: reads from [`Read`](std::io::Read) and writes to
//! [`Write`](std::io::Write), and knows neither files nor folders nor how an
//! evaluation is made.

mod jsonl;
mod record;

pub use jsonl::{JsonLines, JsonLinesError, LONGEST_LINE, TornLine, read_jsonl, write_jsonl};
pub use record::{GoldenFigures, ProblemClass, Record};
