//! A mismatch as a picture: digital waveforms of the steps around it.

use crate::text::shortened;
use filbench_model::{Mismatch, MismatchWindow, hexadecimal};
use maud::{Markup, html};
use std::fmt::Write as _;

const ROW: usize = 30;
const HIGH: usize = 18;
const TOP: usize = 40;
/// Most characters of a port's name and of a value.
const NAME: usize = 24;
const VALUE: usize = 10;
/// Most traces; an output has two.
const TRACES: usize = 64;

/// One line of the picture.
struct Trace<'a> {
    name: String,
    values: Vec<Option<&'a str>>,
    /// The entries that differ from the golden's.
    wrong: Vec<usize>,
    is_input: bool,
    /// Whether values are shown in binary: hexadecimal hides single
    /// don't-care bits.
    is_binary: bool,
}

impl Trace<'_> {
    fn shown(&self, binary: &str) -> String {
        if self.is_binary { shortened(binary, VALUE) } else { shortened_hex(binary) }
    }
}

/// Inputs as applied, then each output as expected and as captured; what
/// differs is marked.
pub fn render(window: &MismatchWindow, mismatch: &Mismatch) -> Markup {
    let (traces, left_out) = traces(window, mismatch);
    let longest = |of: &dyn Fn(&Trace<'_>) -> usize| traces.iter().map(of).max().unwrap_or(0);
    let label = longest(&|trace| trace.name.chars().count()) * 8 + 16;
    let digits = longest(&|trace| {
        trace
            .values
            .iter()
            .flatten()
            .map(|value| trace.shown(value).chars().count())
            .max()
            .unwrap_or(0)
    });
    let number = (window.first_step + window.steps).to_string().len();
    let step = (digits.max(number) * 8 + 18).max(38);
    let (width, height) = (label + step * window.steps + 8, TOP + ROW * traces.len() + 6);
    let first = mismatch.step.saturating_sub(window.first_step);
    html! {
        div.wave {
            svg width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="img"
                aria-label={ "waveform around step " (mismatch.step) }
            {
                @if first < window.steps {
                    rect.first x=(label + first * step) y="0" width=(step) height=(height) {}
                }
                @for index in 0..window.steps {
                    @let x = label + index * step;
                    line.grid x1=(x) x2=(x) y1=(TOP - 12) y2=(height) {}
                    text.bad[index == first] x=(x + step / 2) y="24" text-anchor="middle" {
                        (window.first_step + index)
                    }
                }
                text.t-soft x="4" y="24" { "step" }
                @for (index, trace) in traces.iter().enumerate() {
                    (line(trace, label, step, TOP + index * ROW))
                }
            }
        }
        @if left_out > 0 { p.soft.small { (left_out) " ports are left out of the picture." } }
    }
}

fn traces<'a>(window: &'a MismatchWindow, mismatch: &Mismatch) -> (Vec<Trace<'a>>, usize) {
    let mut traces = Vec::new();
    let mut left_out = window.omitted_ports.len();
    let steps = window.steps;
    for input in &window.inputs {
        if traces.len() + 2 >= TRACES {
            left_out += 1;
            continue;
        }
        traces.push(Trace {
            name: shortened(&input.port, NAME),
            values: (0..steps).map(|index| input.values.get(index).map(String::as_str)).collect(),
            wrong: Vec::new(),
            is_input: true,
            is_binary: false,
        });
    }
    for output in &window.outputs {
        if traces.len() + 4 > TRACES && output.port != mismatch.port {
            left_out += 1;
            continue;
        }
        let is_binary = output
            .expected
            .iter()
            .any(|value| value.len() <= VALUE && value.contains('x') && value.contains(['0', '1']));
        traces.push(Trace {
            name: format!("{} expected", shortened(&output.port, NAME)),
            values: (0..steps)
                .map(|index| output.expected.get(index).map(String::as_str))
                .collect(),
            wrong: Vec::new(),
            is_input: false,
            is_binary,
        });
        traces.push(Trace {
            name: "got".to_owned(),
            values: (0..steps).map(|index| output.got.get(index)?.as_deref()).collect(),
            wrong: (0..steps).filter(|&index| output.differs(index)).collect(),
            is_input: false,
            is_binary,
        });
    }
    (traces, left_out)
}

/// The last digits of a value.
fn shortened_hex(binary: &str) -> String {
    let digits = hexadecimal(binary);
    match digits.len().checked_sub(VALUE) {
        None | Some(0) => digits,
        Some(cut) => format!("…{}", &digits[cut + 1..]),
    }
}

fn line(trace: &Trace<'_>, label: usize, step: usize, top: usize) -> Markup {
    let (high, low) = (top + 4, top + 4 + HIGH);
    let middle = top + 4 + HIGH / 2;
    let is_bit = trace.values.iter().flatten().all(|value| value.len() == 1);
    let class = if trace.is_input { " in" } else { "" };
    html! {
        text x=(label - 8) y=(middle + 4) text-anchor="end" { (trace.name) }
        @for (start, end, value) in runs(trace) {
            @let (left, right) = (label + start * step, label + end * step);
            @let wrong = if trace.wrong.contains(&start) { " wrong" } else { "" };
            @match value {
                None => line.none x1=(left + 3) x2=(right - 3) y1=(middle) y2=(middle) {},
                Some(value) if value.bytes().all(|bit| bit == b'x') => {
                    rect.unknown x=(left + 2) y=(high) width=(right - left - 4) height=(HIGH) {}
                }
                Some(value) if is_bit => {
                    @let y = if value == "1" { high } else { low };
                    path class={ "sig" (class) (wrong) } d={
                        @if let Some(before) = level(trace, start, high, low) {
                            "M" (left) " " (before) "V" (y)
                        } @else { "M" (left) " " (y) }
                        "H" (right)
                    } {}
                }
                Some(value) => {
                    path class={ "bus" (class) (wrong) } d=(hexagon(left, right, high, low)) {}
                    text x=((left + right) / 2) y=(middle + 4) text-anchor="middle" {
                        (trace.shown(value))
                    }
                }
            }
            @if !wrong.is_empty() {
                text.bad x=((left + right) / 2) y=(if is_bit { middle + 4 } else { high - 1 })
                    text-anchor="middle" { "✗" }
            }
        }
    }
}

/// Stretches of one value; every step that differs is one of its own.
fn runs<'a>(trace: &Trace<'a>) -> Vec<(usize, usize, Option<&'a str>)> {
    let mut runs: Vec<(usize, usize, Option<&'a str>)> = Vec::new();
    for (index, &value) in trace.values.iter().enumerate() {
        let joins = |&(_, end, before): &(usize, usize, Option<&str>)| {
            before == value && !trace.wrong.contains(&index) && !trace.wrong.contains(&(end - 1))
        };
        match runs.last_mut() {
            Some(run) if joins(run) => run.1 = index + 1,
            _ => runs.push((index, index + 1, value)),
        }
    }
    runs
}

/// Where the trace of one bit stands before entry `start`.
fn level(trace: &Trace<'_>, start: usize, high: usize, low: usize) -> Option<usize> {
    match trace.values[start.checked_sub(1)?]? {
        "1" => Some(high),
        "0" => Some(low),
        _ => None,
    }
}

fn hexagon(left: usize, right: usize, high: usize, low: usize) -> String {
    let middle = (high + low) / 2;
    let mut path = String::new();
    // Writing to a String does not fail.
    write!(
        path,
        "M{left} {middle}L{} {high}H{}L{right} {middle}L{} {low}H{}Z",
        left + 4,
        right - 4,
        right - 4,
        left + 4
    )
    .ok();
    path
}
