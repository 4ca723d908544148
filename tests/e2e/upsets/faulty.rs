//! The synthesised netlist with faults, in Icarus with Yosys' cell models.

use super::{Design, Lab};
use filbench_model::Bits;
use filbench_toolbox::{JobDir, Tool};
use serde_json::Value;
use std::fmt::Write as _;

/// One bit of a look-up table of the netlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The cell.
    pub cell: String,
    /// Bit of its `LUT_INIT`.
    pub bit: usize,
}

/// A netlist of cells that `cells_sim.v` has models of.
pub struct FaultyNetlist {
    module: Value,
    /// Its ports in order, which a JSON object does not keep.
    ports: Vec<String>,
    /// Names and `LUT_INIT`s of its look-up tables.
    pub luts: Vec<(String, u16)>,
}

impl FaultyNetlist {
    pub fn of(design: &Design) -> FaultyNetlist {
        let mut json: Value = serde_json::from_slice(&design.netlist_json().unwrap()).unwrap();
        let module = json["modules"]["filbench_design"].take();
        let cells = module["cells"].as_object().unwrap();
        let luts = cells
            .iter()
            .filter(|(_, cell)| cell["type"] == "SB_LUT4")
            .map(|(name, cell)| {
                let init = cell["parameters"]["LUT_INIT"].as_str().unwrap();
                (name.clone(), u16::from_str_radix(init, 2).unwrap())
            })
            .collect();
        let ports = design.interface.ports.iter().map(|port| port.name.clone()).collect();
        FaultyNetlist { module, ports, luts }
    }

    /// `count` bits, spread evenly over those that some input selects: a bit
    /// with a constant input against it would test nothing.
    pub fn choose(&self, count: usize) -> Vec<Fault> {
        let mut all = Vec::new();
        for (name, _) in &self.luts {
            let inputs = &self.module["cells"][name]["connections"];
            for bit in 0..16 {
                let selectable = (0..4).all(|k| match inputs[format!("I{k}")][0].as_str() {
                    Some("1") => bit >> k & 1 == 1,
                    Some(_) => bit >> k & 1 == 0,
                    None => true,
                });
                if selectable {
                    all.push(Fault { cell: name.clone(), bit });
                }
            }
        }
        assert!(all.len() >= count, "the design has only {} such bits", all.len());
        (0..count).map(|k| all[k * all.len() / count].clone()).collect()
    }

    /// The responses after each of `steps`: of the netlist as it is, and of the
    /// netlist with each of the faults.
    pub fn simulate(&self, lab: &Lab, faults: &[Fault], steps: &[Bits]) -> Vec<Vec<Bits>> {
        let dir = JobDir::create().unwrap();
        let share = lab.toolbox.share_dir(Tool::Yosys).unwrap();
        dir.write("cells.v", std::fs::read(share.join("ice40/cells_sim.v")).unwrap()).unwrap();
        let (verilog, inputs, outputs) = self.verilog(faults);
        dir.write("netlist.v", verilog).unwrap();
        let copies = faults.len() + 1;
        let last = steps.len() - 1;
        let (in_msb, out_msb, all_msb) = (inputs - 1, outputs - 1, copies * outputs - 1);
        dir.write(
            "bench.v",
            format!(
                "module bench;\n  reg [{in_msb}:0] lines [0:{last}];\n  \
                 reg [{in_msb}:0] in = 0;\n  wire [{all_msb}:0] out;\n  integer k;\n  genvar g;\n  \
                 generate for (g = 0; g < {copies}; g = g + 1) begin : copy\n    \
                 faulty #(.FAULT(g)) dut (.in(in), .out(out[g * {outputs} +: {outputs}]));\n  \
                 end endgenerate\n  initial begin\n    $readmemb(\"stimulus.txt\", lines);\n    \
                 for (k = 0; k <= {last}; k = k + 1) begin\n      in = lines[k];\n      #100;\n      \
                 $display(\"%b\", out);\n    end\n    $finish;\n  end\nendmodule\n",
            ),
        )
        .unwrap();
        let stimulus: Vec<String> = steps.iter().map(Bits::to_string).collect();
        dir.write("stimulus.txt", stimulus.join("\n")).unwrap();
        let define = "-DNO_ICE40_DEFAULT_ASSIGNMENTS";
        let files = ["cells.v", "netlist.v", "bench.v"];
        let compile = ["-g2012", define, "-o", "bench.vvp", "-s", "bench"];
        lab.tool(&dir, Tool::Iverilog, &[&compile[..], &files[..]].concat());
        let stdout = lab.tool(&dir, Tool::Vvp, &["bench.vvp"]);
        let text = String::from_utf8(stdout).unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| line.len() == all_msb + 1).collect();
        assert_eq!(lines.len(), steps.len());
        (0..copies)
            .map(|copy| {
                let end = (copies - copy) * outputs;
                let of = |line: &&str| Bits::parse_binary(&line[end - out_msb - 1..end]).unwrap();
                lines.iter().map(of).collect()
            })
            .collect()
    }

    /// Module `faulty`: parameter `FAULT` is 0 for none, `k + 1` for fault `k`;
    /// `in` and `out` hold the ports' bits in order, the first lowest.
    fn verilog(&self, faults: &[Fault]) -> (String, usize, usize) {
        let mut text = String::new();
        let net = |bit: &Value| match bit.as_u64() {
            Some(net) => format!("n[{net}]"),
            None => format!("1'b{}", if bit == "1" { 1 } else { 0 }),
        };
        let mut highest = 0;
        for (name, cell) in self.module["cells"].as_object().unwrap() {
            let kind = cell["type"].as_str().unwrap();
            if kind.starts_with('$') {
                continue;
            }
            let mut ports = Vec::new();
            for (port, bits) in cell["connections"].as_object().unwrap() {
                highest = highest.max(bits[0].as_u64().unwrap_or(0));
                ports.push(format!(".{port}({})", net(&bits[0])));
            }
            let parameters = match self.luts.iter().find(|(lut, _)| lut == name) {
                None => String::new(),
                Some((_, init)) => {
                    let mut value = format!("16'h{init:04x}");
                    for (k, fault) in faults.iter().enumerate().filter(|(_, f)| f.cell == *name) {
                        let mask = 1u16 << fault.bit;
                        write!(value, " ^ (FAULT == {} ? 16'h{mask:04x} : 16'h0)", k + 1).unwrap();
                    }
                    format!("#(.LUT_INIT({value})) ")
                }
            };
            let id = ports.len() + text.len();
            writeln!(text, "  {kind} {parameters}u{id} ({});", ports.join(", ")).unwrap();
        }
        let (mut inputs, mut outputs) = (0, 0);
        for name in &self.ports {
            let port = &self.module["ports"][name];
            for bit in port["bits"].as_array().unwrap() {
                if port["direction"] == "input" {
                    highest = highest.max(bit.as_u64().unwrap());
                    writeln!(text, "  assign {} = in[{inputs}];", net(bit)).unwrap();
                    inputs += 1;
                } else {
                    writeln!(text, "  assign out[{outputs}] = {};", net(bit)).unwrap();
                    outputs += 1;
                }
            }
        }
        let head = format!(
            "module faulty #(parameter FAULT = 0) (input [{}:0] in, output [{}:0] out);\n  \
             wire [{highest}:0] n;\n",
            inputs - 1,
            outputs - 1
        );
        (head + &text + "endmodule\n", inputs, outputs)
    }
}
