//! Vectors in a waveform (VCD) of a design that is known to be good.
//!
//! - Ports are found by name and width in one scope, such as the design's instance. Without
//!   a choice it is the scope that has all of them; of scopes inside each other the
//!   outermost, since a bench that has all the names connects them to the design's ports.
//! - Each time stamp that changes an input is a vector. Its response is what the outputs are
//!   before the next one, so that delays in the waveform do no harm. An `x` is not compared;
//!   an input that has had no value yet is played as 0.
//! - A waveform has lost the order within a time stamp. Data that changes together with a
//!   clock is taken to change behind it, as with non-blocking assignments (so do 69 of
//!   VerilogEval's 71 clocked benches): events first, in port order, then data. A golden is
//!   asked: where its own replay contradicts the waveform in this order, and less in the other
//!   one, data goes first.

use crate::SourceText;
use crate::vectors::{self, First, Reading, Row, Undriven};
use crate::{Analysis, Logic, ProblemFiles, RecordError, VectorError, recorder};
use filbench_model::{Direction, Interface, Port, Problem};
use std::collections::BTreeMap;
use vcd::{Command, IdCode, Parser, ReferenceIndex, Value, Vector};

/// Scopes inside each other.
const DEPTH_MAX: usize = 256;
/// Scopes that an error lists.
const LISTED_MAX: usize = 8;

/// The problem in a VCD file, which may have been rewritten from another `format`. A
/// waveform does not say which way its signals flow: the ports come from the problem.
pub(crate) fn problem(
    files: &ProblemFiles,
    (file, format): (&SourceText, &'static str),
    (scope, first): (Option<&str>, First),
    interface: &Interface,
    analysis: &Analysis,
    source_sha256: String,
) -> Result<Problem, RecordError> {
    let reading = Reading { format, first, undriven: Undriven::Zero };
    let rows = read(&file.name, &file.contents, scope, interface)?;
    let rows = (interface.clone(), rows);
    vectors::problem(files, &file.name, rows, analysis, reading, source_sha256)
}

fn read(
    file: &str,
    contents: &[u8],
    scope: Option<&str>,
    interface: &Interface,
) -> Result<Vec<Row>, VectorError> {
    let mut parser = Parser::new(contents);
    let mut waveform = Waveform::new(interface);
    let rows_max = recorder::steps_max(interface);
    let result = waveform.header(&mut parser, scope).and_then(|()| {
        while let Some(command) = parser.next() {
            let line = usize::try_from(parser.line()).unwrap_or(0);
            waveform.command(command.map_err(|error| said(&error))?, line)?;
            if waveform.rows.len() > rows_max {
                return Err(format!("more than {rows_max} vectors; dump a shorter run"));
            }
        }
        Ok(())
    });
    match result {
        Ok(()) => {
            waveform.end_of_time();
            Ok(waveform.rows)
        }
        Err(message) => Err(VectorError {
            file: file.to_owned(),
            line: usize::try_from(parser.line()).unwrap_or(0),
            message,
        }),
    }
}

/// The parser's words, without the line that it puts before them.
fn said(error: &std::io::Error) -> String {
    let kind = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<vcd::ParseError>())
        .map(|error| error.kind().to_string());
    format!("no VCD here: {}", kind.unwrap_or_else(|| error.to_string()))
}

/// The bits of one port, in the values of its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    direction: Direction,
    lsb: usize,
    width: usize,
}

/// A scope's ports that are in the file, by index in the interface.
struct Scope {
    name: String,
    codes: BTreeMap<usize, IdCode>,
}

struct Waveform<'a> {
    interface: &'a Interface,
    /// Several ports may be one signal.
    slots: BTreeMap<IdCode, Vec<Slot>>,
    inputs: Logic,
    outputs: Logic,
    /// Line of the first change of an input at this time.
    changed: Option<usize>,
    rows: Vec<Row>,
}

impl<'a> Waveform<'a> {
    fn new(interface: &'a Interface) -> Self {
        Self {
            interface,
            slots: BTreeMap::new(),
            inputs: Logic::unknown(interface.input_bits()),
            outputs: Logic::unknown(interface.output_bits()),
            changed: None,
            rows: Vec::new(),
        }
    }

    /// Reads to `$enddefinitions`. The parser's own way builds a tree, by recursion.
    fn header(&mut self, parser: &mut Parser<&[u8]>, scope: Option<&str>) -> Result<(), String> {
        let mut path: Vec<String> = Vec::new();
        let mut open = vec![Scope { name: String::new(), codes: BTreeMap::new() }];
        let mut scopes = Vec::new();
        loop {
            let command = parser
                .next()
                .ok_or("no VCD: the file ends before `$enddefinitions`")?
                .map_err(|error| said(&error))?;
            match command {
                Command::Enddefinitions => break,
                Command::ScopeDef(_, name) => {
                    if path.len() == DEPTH_MAX {
                        return Err(format!("more than {DEPTH_MAX} scopes inside each other"));
                    }
                    path.push(name);
                    open.push(Scope { name: path.join("."), codes: BTreeMap::new() });
                }
                Command::Upscope => {
                    if path.pop().is_none() {
                        return Err("`$upscope` without a `$scope`".to_owned());
                    }
                    self.close(open.pop(), &mut scopes);
                }
                Command::VarDef(_, size, code, reference, index) => {
                    if let Some(scope) = open.last_mut() {
                        self.variable(scope, size, code, &reference, index);
                    }
                }
                _ => {}
            }
        }
        while let Some(scope) = open.pop() {
            self.close(Some(scope), &mut scopes);
        }
        self.choose(&scopes, scope)
    }

    fn variable(
        &self,
        scope: &mut Scope,
        size: u32,
        code: IdCode,
        reference: &str,
        index: Option<ReferenceIndex>,
    ) {
        // Some write the range without a blank before it.
        let name = match reference.split_once('[') {
            Some((name, _)) if index.is_none() && !reference.starts_with('\\') => name,
            _ => reference,
        };
        let name = name.strip_prefix('\\').unwrap_or(name);
        let port = self.interface.ports.iter().position(|port| port.name == name);
        if let Some(port) = port
            && usize::try_from(size).is_ok_and(|size| size == self.interface.ports[port].width)
        {
            scope.codes.entry(port).or_insert(code);
        }
    }

    fn close(&self, scope: Option<Scope>, scopes: &mut Vec<Scope>) {
        scopes.extend(scope.filter(|scope| !scope.codes.is_empty()));
    }

    fn choose(&mut self, scopes: &[Scope], asked: Option<&str>) -> Result<(), String> {
        let all = self.interface.ports.len();
        let considered: Vec<&Scope> =
            scopes.iter().filter(|scope| asked.is_none_or(|asked| scope.name == asked)).collect();
        let whole: Vec<&Scope> =
            considered.iter().copied().filter(|scope| scope.codes.len() == all).collect();
        let Some(any) = whole.first() else {
            return Err(self.incomplete(&considered, asked));
        };
        let explains = |scope: &Scope, other: &Scope| {
            scope.codes == other.codes || other.name.starts_with(&format!("{}.", scope.name))
        };
        let chosen = whole.iter().find(|scope| whole.iter().all(|other| explains(scope, other)));
        let Some(chosen) = chosen else {
            let other = whole.iter().find(|other| !explains(any, other)).unwrap_or(any);
            return Err(format!(
                "scopes `{}` and `{}` both have the design's ports, with different signals; dump \
                 one of them: `$dumpvars(1, {})`",
                any.name, other.name, any.name
            ));
        };
        for direction in [Direction::Input, Direction::Output] {
            let ports = self.interface.ports.iter().enumerate();
            let mut lsb = 0;
            for (index, port) in ports.filter(|(_, port)| port.direction == direction) {
                if let Some(&code) = chosen.codes.get(&index) {
                    let slot = Slot { direction, lsb, width: port.width };
                    self.slots.entry(code).or_default().push(slot);
                }
                lsb += port.width;
            }
        }
        Ok(())
    }

    fn incomplete(&self, considered: &[&Scope], asked: Option<&str>) -> String {
        let what = match asked {
            None => "no scope has".to_owned(),
            Some(scope) => format!("scope `{scope}` has not"),
        };
        let Some(best) = considered.iter().max_by_key(|scope| scope.codes.len()) else {
            return format!("{what} any of the design's ports by name and width");
        };
        let missing: Vec<String> = self
            .interface
            .ports
            .iter()
            .enumerate()
            .filter(|(index, _)| !best.codes.contains_key(index))
            .take(LISTED_MAX)
            .map(|(_, port): (usize, &Port)| format!("`{port}`"))
            .collect();
        format!(
            "{what} all of the design's ports; the closest, `{}`, lacks {}",
            best.name,
            missing.join(", ")
        )
    }

    fn command(&mut self, command: Command, line: usize) -> Result<(), String> {
        match command {
            Command::Timestamp(_) => self.end_of_time(),
            Command::ChangeScalar(code, value) => self.change(code, &[value], line)?,
            Command::ChangeVector(code, vector) => self.change_vector(code, &vector, line)?,
            _ => {}
        }
        Ok(())
    }

    fn change_vector(&mut self, code: IdCode, vector: &Vector, line: usize) -> Result<(), String> {
        if self.slots.contains_key(&code) {
            let values: Vec<Value> = vector.iter().collect();
            self.change(code, &values, line)?;
        }
        Ok(())
    }

    /// `values` come most significant first; what is missing repeats an unknown first value
    /// and is else 0.
    fn change(&mut self, code: IdCode, values: &[Value], line: usize) -> Result<(), String> {
        for slot in self.slots.get(&code).into_iter().flatten() {
            if values.len() > slot.width {
                return Err(format!("{} bits for a signal of {}", values.len(), slot.width));
            }
            let target = match slot.direction {
                Direction::Input => &mut self.inputs,
                Direction::Output => &mut self.outputs,
            };
            let fill = match values.first() {
                Some(value @ (Value::X | Value::Z)) => *value,
                _ => Value::V0,
            };
            let mut changed = false;
            for bit in 0..slot.width {
                let value = if bit < values.len() { values[values.len() - 1 - bit] } else { fill };
                let (one, unknown) = (value == Value::V1, matches!(value, Value::X | Value::Z));
                let at = slot.lsb + bit;
                changed |= target.value.get(at) != one || target.unknown.get(at) != unknown;
                target.value.set(at, one);
                target.unknown.set(at, unknown);
            }
            if changed && slot.direction == Direction::Input {
                self.changed.get_or_insert(line);
            }
        }
        Ok(())
    }

    /// Everything at one time has been seen.
    fn end_of_time(&mut self) {
        match (self.changed.take(), self.rows.last_mut()) {
            (None, Some(last)) => last.outputs = self.outputs.clone(),
            (None, None) => {}
            (Some(line), _) => self.rows.push(Row {
                line,
                inputs: self.inputs.clone(),
                outputs: self.outputs.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Stimulus;
    use filbench_model::Bits;
    use proptest::prelude::*;

    const FLIP_FLOP: &str = "$timescale 1ns $end\n\
        $scope module tb $end\n $var wire 1 ! clk $end\n\
        $scope module dut $end\n $var wire 1 ! clk $end\n $var wire 4 \" d [3:0] $end\n\
        $var reg 4 # q[3:0] $end\n$upscope $end\n$upscope $end\n$enddefinitions $end\n";

    fn analysis() -> Analysis {
        let port = |name: &str, direction, width| Port { name: name.into(), direction, width };
        Analysis {
            interface: Interface {
                ports: vec![
                    port("clk", Direction::Input, 1),
                    port("d", Direction::Input, 4),
                    port("q", Direction::Output, 4),
                ],
            },
            event_inputs: Bits::from_u64(1, 5),
            clocks: Vec::new(),
            controls: Vec::new(),
        }
    }

    fn import(text: &str, scope: Option<&str>) -> Result<Vec<String>, RecordError> {
        let file = SourceText { name: "w.vcd".into(), contents: text.into() };
        let files = ProblemFiles::vectors("w", Stimulus::Vcd { file: file.clone(), scope: None });
        let analysis = analysis();
        let (source, scope) = ((&file, "vcd"), (scope, First::Events));
        let problem =
            problem(&files, source, scope, &analysis.interface, &analysis, String::new())?;
        problem.check().unwrap();
        let text = |s: &filbench_model::Step| {
            format!("{} {} {} {}", s.inputs, s.unknown, s.expected, s.care)
        };
        Ok(problem.steps.iter().map(text).collect())
    }

    #[test]
    fn the_clock_goes_before_the_data_and_outputs_settle() {
        let steps = import(
            &format!(
                "{FLIP_FLOP}#0\n$dumpvars\n0!\nbx \"\nbx #\n$end\n#2\nb101 \"\n\
                 #5\n1!\nb110 \"\n#6\nb101 #\n#10\n0!\n"
            ),
            None,
        )
        .unwrap();
        assert_eq!(
            steps,
            [
                "00000 00000 0000 0000",
                "01010 00000 0000 0000",
                "01011 00000 0000 0000",
                "01101 00000 0101 1111",
                "01100 00000 0101 1111",
            ]
        );
    }

    #[test]
    fn scopes_are_chosen_by_their_ports() {
        let change = "#0\n1!\n";
        assert!(import(&format!("{FLIP_FLOP}{change}"), Some("tb.dut")).is_ok());
        let error = |text: String, scope| import(&text, scope).unwrap_err().to_string();
        assert!(error(format!("{FLIP_FLOP}{change}"), Some("tb")).contains(
            "scope `tb` has not all of the design's ports; the closest, `tb`, lacks `input [3:0] d`"
        ),);
        assert!(error(format!("{FLIP_FLOP}{change}"), Some("tb.x")).contains("has not any"));
        // A bench with the same names, and a design inside the design.
        let bench = FLIP_FLOP.replace(
            "clk $end\n$scope",
            "clk $end $var wire 4 % d $end $var wire 4 & q $end\n$scope",
        );
        let steps = import(&format!("{bench}#0\n1!\nb11 %\nb1 &\nb0 \"\n"), None).unwrap();
        assert_eq!(steps.last().unwrap(), "00111 00000 0001 1111");
        let twice = FLIP_FLOP.replace(
            "$enddefinitions",
            "$scope module other $end $var wire 1 ! clk $end $var wire 4 \" d $end \
             $var wire 4 & q $end $upscope $end $enddefinitions",
        );
        assert!(error(format!("{twice}{change}"), None).contains("`$dumpvars(1, tb.dut)`"));
    }

    #[test]
    fn damage_is_named_with_its_line() {
        for (text, line) in [("hello", 1), ("$scope module a $end\n$upscope $end $upscope $end", 2)]
        {
            let error = import(text, None).unwrap_err().to_string();
            assert!(error.starts_with(&format!("w.vcd:{line}: ")), "{error}");
        }
        let wide = import(&format!("{FLIP_FLOP}#0\nb10101 \"\n"), None).unwrap_err().to_string();
        assert!(wide.contains("5 bits for a signal of 4"), "{wide}");
        let deep = "$scope module a $end\n".repeat(100_000);
        assert!(import(&deep, None).unwrap_err().to_string().contains("inside each other"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read("w.vcd", &bytes, None, &analysis().interface);
        }

        #[test]
        fn no_changes_make_it_panic(changes in "[01xzbr#$ !\"\n]{0,80}") {
            let _ = import(&format!("{FLIP_FLOP}{changes}"), None);
        }
    }
}
