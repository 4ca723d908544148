//! Vectors in a CSV file.
//!
//! ```text
//! # A flip-flop with enable.
//! clk:in, en:in, d[7:0]:in, q[7:0]:out, capture
//! 0,      1,     0x5a,      x,          0
//! 1,      1,     0x5a,      0x5a,       1
//! ```
//!
//! - The first line that is not blank and no comment (`#`) names the ports: `name:in`,
//!   `name:out`, with `[msb:0]` between for more than one bit. A column `capture` may say
//!   whether the row's response is compared at all (1, the default) or not (0).
//! - Values are decimal, binary (`0b10x1`), hexadecimal (`0x5x`) or Verilog's (`8'h5x`,
//!   `8'b1`); `_` may stand between digits. `x` alone is a whole unknown value: for an
//!   output it is not compared, an input is played as 0 and as 1. A `-` is the same.
//! - A row is applied at once, but for event inputs (clocks, resets, latch enables), which
//!   the design's netlist tells: they change behind the row's data, one after another in the
//!   order of the columns.

use crate::SourceText;
use crate::vectors::{self, First, PORT_BITS_MAX, Reading, Row, Undriven};
use crate::{Analysis, Logic, ProblemFiles, RecordError, VectorError, recorder};
use filbench_model::{Direction, Interface, Port, Problem};

const READING: Reading = Reading { format: "csv", first: First::Data, undriven: Undriven::Unknown };

/// The line in `file` of the row that a step of `problem`, which was made of it, comes from.
pub(crate) fn line_of(file: &SourceText, problem: &Problem, step: usize) -> Option<usize> {
    let table = read(&file.name, &file.contents).ok()?;
    vectors::line_of(problem, &table.rows, READING, step)
}

/// The problem in a CSV file. Its ports are the header's, which have to be those that are
/// `known` of the problem from elsewhere: its golden's, or those that it declares.
pub(crate) fn problem(
    files: &ProblemFiles,
    file: &SourceText,
    (known, whose): (Option<&Interface>, &str),
    analysis: &Analysis,
    source_sha256: String,
) -> Result<Problem, RecordError> {
    let Table { header_line, interface, rows } = read(&file.name, &file.contents)?;
    let differences = known.map(|known| known.compare(&interface)).unwrap_or_default();
    if !differences.is_empty() {
        let found: Vec<String> = differences.iter().map(ToString::to_string).collect();
        return Err(VectorError {
            file: file.name.clone(),
            line: header_line,
            message: format!(
                "the columns are not {whose} ports: {}; correct the header",
                found.join("; ")
            ),
        }
        .into());
    }
    vectors::problem(files, &file.name, (interface, rows), analysis, READING, source_sha256)
}

/// The ports in a CSV file's header.
pub(crate) fn ports(file: &SourceText) -> Result<Interface, VectorError> {
    read_rows(&file.name, &file.contents, Rows::None).map(|table| table.interface)
}

/// A file's header and rows.
struct Table {
    header_line: usize,
    interface: Interface,
    rows: Vec<Row>,
}

/// Which of a file's rows are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    All,
    None,
}

/// What a column holds.
enum Column {
    /// A port, its direction, and the number of its first bit.
    Port {
        name: String,
        direction: Direction,
        lsb: usize,
        width: usize,
    },
    Capture,
}

fn read(file: &str, contents: &[u8]) -> Result<Table, VectorError> {
    read_rows(file, contents, Rows::All)
}

fn read_rows(file: &str, contents: &[u8], which: Rows) -> Result<Table, VectorError> {
    let contents = contents.strip_prefix(b"\xef\xbb\xbf").unwrap_or(contents);
    let mut header: Option<(usize, Interface, Vec<Column>)> = None;
    let mut rows = Vec::new();
    let mut rows_max = 0;
    for (index, line) in contents.split(|&b| b == b'\n').enumerate() {
        let line_number = index + 1;
        let error =
            |message: String| VectorError { file: file.to_owned(), line: line_number, message };
        let text = std::str::from_utf8(line)
            .map_err(|_| error("not UTF-8; save the file as plain text".to_owned()))?
            .trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let cells: Vec<&str> = text.split(',').map(str::trim).collect();
        match &header {
            None => {
                let (interface, columns) = columns(&cells).map_err(error)?;
                rows_max = recorder::steps_max(&interface);
                header = Some((line_number, interface, columns));
                if which == Rows::None {
                    break;
                }
            }
            Some((_, interface, columns)) => {
                if rows.len() == rows_max {
                    return Err(error(format!("more than {rows_max} rows; split the file")));
                }
                rows.push(row(interface, columns, &cells, line_number).map_err(error)?);
            }
        }
    }
    let Some((header_line, interface, _)) = header else {
        return Err(VectorError {
            file: file.to_owned(),
            line: 0,
            message: "no header; the first line names the ports: `clk:in,d[7:0]:in,q[7:0]:out`"
                .to_owned(),
        });
    };
    Ok(Table { header_line, interface, rows })
}

fn columns(cells: &[&str]) -> Result<(Interface, Vec<Column>), String> {
    let mut interface = Interface::default();
    let mut columns = Vec::new();
    for cell in cells {
        if *cell == "capture" {
            columns.push(Column::Capture);
            continue;
        }
        let port = port(cell)?;
        if interface.ports.iter().any(|other| other.name == port.name) {
            return Err(format!("port `{}` is named twice", port.name));
        }
        let lsb = match port.direction {
            Direction::Input => interface.input_bits(),
            Direction::Output => interface.output_bits(),
        };
        if lsb + port.width > PORT_BITS_MAX {
            return Err(format!("more than {PORT_BITS_MAX} bits of ports"));
        }
        columns.push(Column::Port {
            name: port.name.clone(),
            direction: port.direction,
            lsb,
            width: port.width,
        });
        interface.ports.push(port);
    }
    if interface.output_bits() == 0 {
        return Err("no output to compare; name one, as in `q[7:0]:out`".to_owned());
    }
    Ok((interface, columns))
}

/// Ports in the header's notation, such as `d[7:0]:in`.
pub(crate) fn interface(ports: &[String]) -> Result<Interface, String> {
    let cells: Vec<&str> = ports.iter().map(|port| port.trim()).collect();
    if let Some(capture) = cells.iter().find(|cell| **cell == "capture") {
        return Err(format!("`{capture}` is no port"));
    }
    columns(&cells).map(|(interface, _)| interface)
}

fn port(cell: &str) -> Result<Port, String> {
    let wrong =
        || format!("`{cell}` is no port; write `name:in` or `name:out`, for 8 bits `name[7:0]:in`");
    let (rest, direction) = cell.rsplit_once(':').ok_or_else(wrong)?;
    let direction = match direction.trim() {
        "in" => Direction::Input,
        "out" => Direction::Output,
        _ => return Err(wrong()),
    };
    let rest = rest.trim();
    let (name, width) = match rest.strip_suffix(']').and_then(|r| r.split_once('[')) {
        Some((name, range)) => {
            let (msb, lsb) = range.split_once(':').ok_or_else(wrong)?;
            let number = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
            let (msb, lsb) = (number(msb)?, number(lsb)?);
            if msb < lsb || msb - lsb >= PORT_BITS_MAX {
                return Err(format!("`{rest}`: a range is `[msb:lsb]`, the larger index first"));
            }
            (name.trim(), msb - lsb + 1)
        }
        None => (rest, 1),
    };
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !starts || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$') {
        return Err(wrong());
    }
    Ok(Port { name: name.to_owned(), direction, width })
}

fn row(
    interface: &Interface,
    columns: &[Column],
    cells: &[&str],
    line: usize,
) -> Result<Row, String> {
    if cells.len() != columns.len() {
        return Err(format!("{} values for {} columns", cells.len(), columns.len()));
    }
    let mut inputs = Logic::zeros(interface.input_bits());
    let mut outputs = Logic::zeros(interface.output_bits());
    let mut captured = true;
    for (column, cell) in columns.iter().zip(cells) {
        match column {
            Column::Capture => {
                captured = match *cell {
                    "1" => true,
                    "0" => false,
                    _ => return Err(format!("`capture` is `{cell}`; write 0 or 1")),
                }
            }
            Column::Port { name, direction, lsb, width } => {
                let value = value(cell, *width).map_err(|why| format!("port `{name}`: {why}"))?;
                let target = match direction {
                    Direction::Input => &mut inputs,
                    Direction::Output => &mut outputs,
                };
                target.value.splice(*lsb, &value.value);
                target.unknown.splice(*lsb, &value.unknown);
            }
        }
    }
    if !captured {
        outputs = Logic::unknown(outputs.len());
    }
    Ok(Row { line, inputs, outputs })
}

/// A value of `width` bits.
fn value(cell: &str, width: usize) -> Result<Logic, String> {
    if matches!(cell, "x" | "X" | "z" | "Z" | "-") {
        return Ok(Logic::unknown(width));
    }
    let lower = cell.to_ascii_lowercase();
    let (digits, bits_per_digit) = if let Some(rest) = lower.strip_prefix("0b") {
        (rest, 1)
    } else if let Some(rest) = lower.strip_prefix("0x") {
        (rest, 4)
    } else if let Some((size, rest)) = lower.split_once('\'') {
        if !size.is_empty() && size.parse() != Ok(width) {
            return Err(format!("`{cell}` is not {width} bits wide"));
        }
        if let Some(rest) = rest.strip_prefix('b') {
            (rest, 1)
        } else if let Some(rest) = rest.strip_prefix('h') {
            (rest, 4)
        } else {
            return decimal(cell, rest.strip_prefix('d').unwrap_or(rest), width);
        }
    } else {
        return decimal(cell, &lower, width);
    };
    let digits: Vec<char> = digits.chars().filter(|&c| c != '_').collect();
    if digits.is_empty() {
        return Err(format!("`{cell}` has no digit"));
    }
    let mut value = Logic::zeros(width);
    for (index, c) in digits.iter().rev().enumerate() {
        let digit = match c {
            'x' | 'z' => None,
            c => Some(
                c.to_digit(1 << bits_per_digit)
                    .ok_or_else(|| format!("`{c}` in `{cell}` is no digit"))?,
            ),
        };
        for bit in 0..bits_per_digit {
            let at = index * bits_per_digit + bit;
            let one = digit.is_some_and(|digit| digit >> bit & 1 == 1);
            if at < width {
                value.value.set(at, one);
                value.unknown.set(at, digit.is_none());
            } else if one {
                return Err(format!("`{cell}` does not fit into {width} bits"));
            }
        }
    }
    Ok(value)
}

fn decimal(cell: &str, digits: &str, width: usize) -> Result<Logic, String> {
    let digits: String = digits.chars().filter(|&c| c != '_').collect();
    let number: u128 = digits.parse().map_err(|_| {
        format!("`{cell}` is no value; write decimal, `0b10x1`, `0x5a`, or `x` for unknown")
    })?;
    let mut value = Logic::zeros(width);
    for bit in 0..128 {
        if number >> bit & 1 == 1 {
            if bit >= width {
                return Err(format!(
                    "{number} does not fit into {width} bits; binary is written `0b{digits}`"
                ));
            }
            value.value.set(bit, true);
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Stimulus;
    use filbench_model::Bits;
    use proptest::prelude::*;

    fn import(text: &str, events: &[&str]) -> Result<Problem, RecordError> {
        let file = SourceText { name: "v.csv".into(), contents: text.into() };
        let files = ProblemFiles::vectors("v", Stimulus::Csv(file.clone()));
        let interface = read("v.csv", text.as_bytes())?.interface;
        let event_inputs = Bits::from_iter_lsb(interface.inputs().flat_map(|(port, _)| {
            std::iter::repeat_n(events.contains(&port.name.as_str()), port.width)
        }));
        let analysis =
            Analysis { interface, event_inputs, clocks: Vec::new(), controls: Vec::new() };
        let problem = problem(&files, &file, (None, ""), &analysis, String::new())?;
        problem.check().unwrap();
        Ok(problem)
    }

    #[test]
    fn data_goes_before_the_clock() {
        let text_of_rows = "\u{feff}# a flip-flop\r\nclk:in, d[3:0]:in, q[3:0]:out, capture\r\n\
             \r\n0, 0x5, x, 1\r\n1, 4'b1x10, 0b1x10, 1\r\n1, 14, 14, 0\r\n";
        let problem = import(text_of_rows, &["clk"]).unwrap();
        let text: Vec<String> = problem
            .steps
            .iter()
            .map(|s| format!("{} {} {} {}", s.inputs, s.unknown, s.expected, s.care))
            .collect();
        assert_eq!(
            text,
            [
                "01010 00000 0000 0000",
                "10100 01000 0000 0000",
                "10101 01000 1010 1011",
                "11101 00000 0000 0000",
            ]
        );
        let file = SourceText { name: "v.csv".into(), contents: text_of_rows.into() };
        let lines: Vec<_> = (0..5).map(|step| line_of(&file, &problem, step)).collect();
        assert_eq!(lines, [Some(4), Some(5), Some(5), Some(6), None]);
    }

    #[test]
    fn a_repeated_row_looks_again() {
        let problem = import("a:in,y[1:0]:out\n1,0b1x\n1,0bx0\n", &[]).unwrap();
        assert_eq!(problem.steps.len(), 1);
        assert_eq!(problem.steps[0].care, Bits::ones(2));
        let error = import("a:in,y:out\n1,1\n1,0\n", &[]).unwrap_err().to_string();
        assert!(error.starts_with("v.csv:3: the inputs are those of the vector before"), "{error}");
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, expected) in [
            ("", "v.csv:0: no header"),
            ("a:in\n", "v.csv:1: no output"),
            ("a,b:out\n", "v.csv:1: `a` is no port"),
            ("a:in,a:out\n", "v.csv:1: port `a` is named twice"),
            ("a[0:7]:in,b:out\n", "v.csv:1: `a[0:7]`: a range"),
            ("a[99999999999:0]:in,b:out\n", "v.csv:1: `a[99999999999:0]`"),
            ("a:in,b:out\n1\n", "v.csv:2: 1 values for 2 columns"),
            (
                "a[3:0]:in,b:out\n1010,0\n",
                "v.csv:2: port `a`: 1010 does not fit into 4 bits; binary is written `0b1010`",
            ),
            ("a[3:0]:in,b:out\n0x1f,0\n", "v.csv:2: port `a`: `0x1f` does not fit"),
            ("a[3:0]:in,b:out\n8'h1,0\n", "v.csv:2: port `a`: `8'h1` is not 4 bits wide"),
            ("a:in,b:out,capture\n1,1,y\n", "v.csv:2: `capture` is `y`"),
            ("a:in,b:out\n", "v.csv:0: no vector"),
        ] {
            let error = import(text, &[]).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
        assert_eq!(read("v.csv", b"a:in,b:out\n\xff,1\n").err().map(|error| error.line), Some(2));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read("v.csv", &bytes);
        }

        #[test]
        fn no_rows_make_it_panic(cells in "[01xXz_'bhd0-9a-f,\n-]{0,80}") {
            let _ = import(&format!("c:in,d[7:0]:in,q[3:0]:out\n{cells}"), &["c"]);
        }

        #[test]
        fn every_value_survives_each_notation(number in any::<u16>()) {
            let expected = Bits::from_u64(number.into(), 16);
            for text in [
                format!("{number}"), format!("0b{number:b}"), format!("0x{number:x}"),
                format!("16'h{number:04X}"), format!("'d{number}"),
            ] {
                let value = value(&text, 16).unwrap();
                prop_assert_eq!(&value.value, &expected);
                prop_assert!(!value.unknown.any());
            }
        }
    }
}
