//! The steps around a mismatch as a table: a line a port, a column a step.

use filbench_model::{Mismatch, MismatchWindow, hexadecimal};
use std::ops::Range;

/// Most columns of a terminal that the values take.
const WIDTH: usize = 80;
/// Most hexadecimal digits of a value; of longer ones the last are shown.
const DIGITS: usize = 8;
/// Most ports, the one that differs among them.
const PORTS: usize = 12;

/// The window's lines, without an indent.
///
/// Values are hexadecimal; `.` is the value of the step before, `-` a step
/// that was not captured, `!` stands after what differs.
pub fn render(window: &MismatchWindow, mismatch: &Mismatch) -> Vec<String> {
    let wrong = mismatch.step.saturating_sub(window.first_step);
    let (rows, left_out) = rows(window, mismatch);
    let cell = rows
        .iter()
        .flat_map(|row| row.values.iter().map(|value| value.chars().count()))
        .chain([(window.first_step + window.steps).to_string().len()])
        .max()
        .unwrap_or(1);
    let steps = shown(window.steps, wrong, WIDTH / (cell + 2));
    let name = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(4);

    let line = |name_text: &str, cells: &mut dyn Iterator<Item = (String, bool)>| {
        let mut text = format!("{name_text:>name$}");
        for (value, marked) in cells {
            text.push_str(&format!(" {value:>cell$}{}", if marked { '!' } else { ' ' }));
        }
        text.trim_end().to_owned()
    };
    let numbers =
        steps.clone().map(|index| ((window.first_step + index).to_string(), index == wrong));
    let mut lines = vec![line("step", &mut numbers.into_iter())];
    for row in &rows {
        let mut cells = steps.clone().map(|index| {
            let value = &row.values[index];
            // Of a value that was cut, equal ends say nothing.
            let repeated =
                index > steps.start && row.values[index - 1] == *value && !value.starts_with('…');
            let marked = row.marked.contains(&index);
            let text = if repeated && !marked { "." } else { value.as_str() };
            (text.to_owned(), marked)
        });
        lines.push(line(&row.name, &mut cells));
    }
    if left_out > 0 {
        lines.push(format!("ports left out: {left_out}; the waveform has them"));
    }
    lines
}

struct Row {
    name: String,
    /// One for each step of the window.
    values: Vec<String>,
    /// The steps that differ.
    marked: Vec<usize>,
}

/// The rows that are shown, and how many ports have none.
fn rows(window: &MismatchWindow, mismatch: &Mismatch) -> (Vec<Row>, usize) {
    let mut rows = Vec::new();
    let mut room = PORTS - 1;
    let mut left_out = window.omitted_ports.len();
    for input in &window.inputs {
        if room == 0 {
            left_out += 1;
            continue;
        }
        room -= 1;
        rows.push(Row {
            name: input.port.clone(),
            values: input.values.iter().map(|value| short(value)).collect(),
            marked: Vec::new(),
        });
    }
    for output in &window.outputs {
        if output.port != mismatch.port {
            if room == 0 {
                left_out += 1;
                continue;
            }
            room -= 1;
        }
        rows.push(Row {
            name: format!("{} expected", output.port),
            values: output.expected.iter().map(|value| short(value)).collect(),
            marked: Vec::new(),
        });
        rows.push(Row {
            name: "got".to_owned(),
            values: output
                .got
                .iter()
                .map(|value| value.as_deref().map_or("-".to_owned(), short))
                .collect(),
            marked: (0..window.steps).filter(|&index| output.differs(index)).collect(),
        });
    }
    for row in &mut rows {
        row.values.resize(window.steps, String::new());
    }
    (rows, left_out)
}

/// The last digits of a value.
fn short(binary: &str) -> String {
    let digits = hexadecimal(binary);
    match digits.len().checked_sub(DIGITS) {
        None | Some(0) => digits,
        Some(cut) => format!("…{}", &digits[cut + 1..]),
    }
}

/// At most `room` of `steps` steps, `wrong` among them with twice as many
/// before it as after.
fn shown(steps: usize, wrong: usize, room: usize) -> Range<usize> {
    let room = room.max(1);
    if steps <= room {
        return 0..steps;
    }
    let start = wrong.saturating_sub((room - 1) * 2 / 3).min(steps - room);
    start..start + room
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{InputWindow, OutputWindow};

    fn window(steps: usize, first_step: usize, bits: usize) -> MismatchWindow {
        let value = |index: usize| format!("{index:0bits$b}");
        MismatchWindow {
            first_step,
            steps,
            inputs: vec![InputWindow {
                port: "clk".into(),
                values: (0..steps).map(|index| (index % 2).to_string()).collect(),
            }],
            outputs: vec![OutputWindow {
                port: "count".into(),
                expected: (0..steps).map(|index| value(index / 2)).collect(),
                got: (0..steps)
                    .map(|index| match index {
                        1 => None,
                        8 => Some(value(11)),
                        _ => Some(value(index / 2)),
                    })
                    .collect(),
            }],
            omitted_ports: vec!["wide".into()],
        }
    }

    fn mismatch(step: usize) -> Mismatch {
        Mismatch { step, port: "count".into(), expected: String::new(), got: String::new() }
    }

    #[test]
    fn a_port_has_a_line_and_a_step_a_column() {
        let lines = render(&window(13, 145, 8), &mismatch(153));
        insta::assert_snapshot!(lines.join("\n"), @r"
                  step 145  146  147  148  149  150  151  152  153! 154  155  156  157
                   clk   0    1    0    1    0    1    0    1    0    1    0    1    0
        count expected  00    .   01    .   02    .   03    .   04    .   05    .   06
                   got  00    -   01    .   02    .   03    .   0b!  04   05    .   06
        ports left out: 1; the waveform has them
        ");
    }

    #[test]
    fn wide_values_leave_fewer_steps_but_always_the_wrong_one() {
        let lines = render(&window(13, 1_000_000, 200), &mismatch(1_000_008));
        assert!(lines[0].contains("1000008!"), "{lines:#?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 100), "{lines:#?}");
        assert!(lines[3].contains("…000000b!"), "{lines:#?}");
    }
}
