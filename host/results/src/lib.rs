//! Results of suites: their records, and what is computed and shown from them.
//!
//! Pure: reads from [`Read`](std::io::Read) and writes to
//! [`Write`](std::io::Write), and knows neither files nor folders nor how an
//! evaluation is made.

mod compare;
mod compare_text;
mod csv_file;
mod html;
mod jsonl;
mod junit;
mod known_bad;
mod letters;
mod mcnemar;
mod pass_at_k;
mod ratios;
mod record;
mod suite_results;
mod summary;
mod text;

pub use compare::{
    Changes, CommonPassRate, DIFFERENCE_SCHEMA, Difference, FMAX_NOISE, FigureChange, TimeChange,
    VerdictChange,
};
pub use csv_file::{CSV_COLUMNS, write_csv};
pub use html::write_html;
pub use jsonl::{JsonLines, JsonLinesError, LONGEST_LINE, TornLine, read_jsonl, write_jsonl};
pub use junit::write_junit;
pub use known_bad::{KnownBad, KnownBadError, KnownBadProblem};
pub use letters::verilog_eval_letter;
pub use mcnemar::mcnemar;
pub use pass_at_k::pass_at_k;
pub use ratios::{CAP, Ratios, capped_mean, design_fmax};
pub use record::{GoldenFigures, ProblemClass, Record};
pub use suite_results::SuiteResults;
pub use summary::{CostScore, Outcomes, PassAtK, PhaseTimes, SUMMARY_SCHEMA, Summary};
pub use text::visible;
