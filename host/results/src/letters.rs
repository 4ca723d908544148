use filbench_model::{FailStage, Stage, Verdict};

/// The letter that VerilogEval's analyser (v2, `sv-iv-analyze`) would print.
///
/// Derived from the typed verdict alone, so only letters that a stage stands
/// for are given:
///
/// | verdict | letter |
/// |---|---|
/// | `pass` | `.` |
/// | `fail`: `parse` | `S` syntax error |
/// | `fail`: `elaborate`, `interface` | `C` compile error |
/// | `fail`: `limit` | `T` time-out |
/// | `fail`: `mismatch` | `R` runtime mismatch |
/// | any other `fail`: what a simulator accepts and no FPGA can hold | `?` |
/// | `inconclusive`, `fault` | `?` |
///
/// Never given are `e`, `0`, `n`, `w`, `m`, `p`, `c` (told apart by the text
/// of Icarus' messages; they are `S` or `C` here) and `r` (told apart by a
/// search through the candidate's text; `R` here).
pub fn verilog_eval_letter(verdict: &Verdict) -> char {
    match verdict.stage {
        None => '.',
        Some(Stage::Fail(stage)) => match stage {
            FailStage::Parse => 'S',
            FailStage::Elaborate | FailStage::Interface => 'C',
            FailStage::Limit => 'T',
            FailStage::Mismatch => 'R',
            _ => '?',
        },
        Some(_) => '?',
    }
}
