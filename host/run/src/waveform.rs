//! The waveform of a mismatch: inputs as applied, outputs as expected and as
//! captured.

use crate::scoreboard::Responses;
use crate::wiring::UnknownInputs;
use filbench_model::{Bits, Problem, Step};
use std::io::{self, Write};
use std::ops::Range;
use vcd::{IdCode, SimulationCommand, TimescaleUnit, Value, VarType, Writer};

/// Most steps for which the entire run is written.
const ENTIRE_RUN: usize = 4096;
/// Steps before and after the first mismatch in a longer run.
const BEFORE: usize = 1024;
const AFTER: usize = 256;

/// Writes a VCD file of the run around its first mismatch (`first_wrong`, a
/// step's index), or of the entire run if that is short.
///
/// One step is one tick of 1 ns and keeps its number as its time. Scope
/// `inputs` holds the vectors as applied; `expected` the golden, `x` where
/// don't-care; `got` the captures, `x` where none was made; and
/// `mismatch` is 1 at the steps that differ.
pub fn write(
    out: impl Write,
    problem: &Problem,
    responses: &Responses,
    unknown: UnknownInputs,
    first_wrong: usize,
) -> io::Result<()> {
    let mut vcd = Writer::new(out);
    vcd.comment("one step of the problem is one tick")?;
    vcd.timescale(1, TimescaleUnit::NS)?;
    vcd.add_module("filbench")?;
    let inputs = group(&mut vcd, "inputs", problem.interface.inputs())?;
    let expected = group(&mut vcd, "expected", problem.interface.outputs())?;
    let got = group(&mut vcd, "got", problem.interface.outputs())?;
    let mismatch = vcd.add_var(VarType::Wire, 1, "mismatch", None)?;
    vcd.upscope()?;
    vcd.enddefinitions()?;

    let window = window(problem.steps.len(), first_wrong);
    let mut captures =
        responses.of(problem).skip_while(|(index, ..)| *index < window.start).peekable();
    let mut shown: Vec<Option<Vec<Value>>> = vec![None; inputs.len() + 2 * expected.len()];
    let mut shown_mismatch = None;
    for index in window.clone() {
        let step = &problem.steps[index];
        let captured = captures.next_if(|(at, ..)| *at == index).map(|(_, _, got)| got);
        let applied = applied(step, unknown);
        let no_care = Bits::zeros(step.care.len());
        let wrong = captured.is_some_and(|got| step.expected.xor(got).and(&step.care).any());
        let values = values(&inputs, &applied, None)
            .chain(values(&expected, &step.expected, Some(&step.care)))
            .chain(match captured {
                Some(got_bits) => values(&got, got_bits, None),
                None => values(&got, &step.expected, Some(&no_care)),
            });

        vcd.timestamp(index as u64)?;
        let first = index == window.start;
        if first {
            vcd.begin(SimulationCommand::Dumpvars)?;
        }
        for ((id, value), shown) in values.zip(&mut shown) {
            if shown.as_ref() != Some(&value) {
                match value.as_slice() {
                    [bit] => vcd.change_scalar(id, *bit)?,
                    bits => vcd.change_vector(id, bits.iter().copied())?,
                }
                *shown = Some(value);
            }
        }
        if shown_mismatch != Some(wrong) {
            vcd.change_scalar(mismatch, wrong)?;
            shown_mismatch = Some(wrong);
        }
        if first {
            vcd.end()?;
        }
    }
    vcd.timestamp(window.end as u64)?;
    vcd.flush()
}

/// The steps to show.
fn window(steps: usize, first_wrong: usize) -> Range<usize> {
    if steps <= ENTIRE_RUN {
        0..steps
    } else {
        first_wrong.saturating_sub(BEFORE)..steps.min(first_wrong + AFTER)
    }
}

/// The inputs as the board was given them.
pub(crate) fn applied(step: &Step, unknown: UnknownInputs) -> Bits {
    match unknown {
        UnknownInputs::Zero => step.inputs.and(&step.unknown.not()),
        UnknownInputs::One => step.inputs.or(&step.unknown),
    }
}

/// A declared variable and the bits it shows.
struct Variable {
    id: IdCode,
    bits: Range<usize>,
}

fn group<'a, W: Write>(
    vcd: &mut Writer<W>,
    scope: &str,
    ports: impl Iterator<Item = (&'a filbench_model::Port, usize)>,
) -> io::Result<Vec<Variable>> {
    vcd.add_module(scope)?;
    let mut variables = Vec::new();
    for (port, lsb) in ports {
        let width = u32::try_from(port.width).map_err(io::Error::other)?;
        let index = match width {
            1 => None,
            _ => Some(vcd::ReferenceIndex::Range(
                i32::try_from(port.width - 1).map_err(io::Error::other)?,
                0,
            )),
        };
        variables.push(Variable {
            id: vcd.add_var(VarType::Wire, width, &port.name, index)?,
            bits: lsb..lsb + port.width,
        });
    }
    vcd.upscope()?;
    Ok(variables)
}

/// The value of each variable, most significant bit first; `x` where `care`
/// is given and 0.
fn values<'a>(
    variables: &'a [Variable],
    bits: &'a Bits,
    care: Option<&'a Bits>,
) -> impl Iterator<Item = (IdCode, Vec<Value>)> + use<'a> {
    variables.iter().map(move |variable| {
        let value = variable
            .bits
            .clone()
            .rev()
            .map(|bit| match care {
                Some(care) if !care.get(bit) => Value::X,
                _ => Value::from(bits.get(bit)),
            })
            .collect();
        (variable.id, value)
    })
}
