//! The steps around a first mismatch, for the report.

use crate::scoreboard::{Responses, masked};
use crate::waveform::applied;
use crate::wiring::UnknownInputs;
use filbench_model::{Bits, InputWindow, Mismatch, MismatchWindow, OutputWindow, Problem};
use std::collections::BTreeMap;

/// Steps before and after the first mismatch.
const BEFORE: usize = 8;
const AFTER: usize = 4;
/// Most digits of a window; a port that would exceed them is left out.
const DIGITS: usize = 16 * 1024;

/// The steps of the play (`responses`, with unknown inputs set to `unknown`)
/// around `mismatch`.
pub fn mismatch_window(
    problem: &Problem,
    responses: &Responses,
    unknown: UnknownInputs,
    mismatch: &Mismatch,
) -> MismatchWindow {
    let first_step = mismatch.step.saturating_sub(BEFORE);
    let end = problem.steps.len().min(mismatch.step + AFTER + 1);
    let steps = problem.steps.get(first_step..end).unwrap_or_default();
    let captures: BTreeMap<usize, &Bits> = responses
        .of(problem)
        .skip_while(|(index, ..)| *index < first_step)
        .take_while(|(index, ..)| *index < end)
        .map(|(index, _, got)| (index, got))
        .collect();

    let interface = &problem.interface;
    // The port that differs has its room before all others.
    let needed = interface
        .outputs()
        .find(|(port, _)| port.name == mismatch.port)
        .map_or(0, |(port, _)| 2 * port.width * steps.len());
    let mut room = DIGITS.saturating_sub(needed);
    let mut omitted_ports = Vec::new();
    let mut fits = |name: &str, digits: usize| {
        if name == mismatch.port {
            return true;
        }
        let fits = digits <= room;
        if fits {
            room -= digits;
        } else {
            omitted_ports.push(name.to_owned());
        }
        fits
    };

    let applied: Vec<Bits> = steps.iter().map(|step| applied(step, unknown)).collect();
    let inputs = interface
        .inputs()
        .filter(|(port, _)| fits(&port.name, port.width * steps.len()))
        .map(|(port, lsb)| InputWindow {
            port: port.name.clone(),
            values: applied.iter().map(|bits| bits.slice(lsb, port.width).to_string()).collect(),
        })
        .collect();
    let outputs = interface
        .outputs()
        .filter(|(port, _)| fits(&port.name, 2 * port.width * steps.len()))
        .map(|(port, lsb)| OutputWindow {
            port: port.name.clone(),
            expected: steps
                .iter()
                .map(|step| {
                    masked(&step.expected.slice(lsb, port.width), &step.care.slice(lsb, port.width))
                })
                .collect(),
            got: (first_step..end)
                .map(|index| captures.get(&index).map(|got| got.slice(lsb, port.width).to_string()))
                .collect(),
        })
        .collect();
    MismatchWindow { first_step, steps: steps.len(), inputs, outputs, omitted_ports }
}
