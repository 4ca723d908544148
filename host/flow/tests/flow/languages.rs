//! Who reads which sources, and what becomes of their names and errors.

use crate::support::{accepted, files, flow, rejected, submission, synthesise};
use filbench_board::Device;
use filbench_flow::{Policy, Submission, Synthesis};
use filbench_model::{FailStage, FrontEnd, Severity};

/// Yosys' own reader does not know imports in a module's head.
const PACKAGE: &str = "package p; localparam logic [3:0] STEP = 3; endpackage\n";
const IMPORTS: &str = "module top import p::*; (input clk, output logic [3:0] q);
  always_ff @(posedge clk) q <= q + STEP;
endmodule\n";
const VHDL: &str = "library ieee; use ieee.std_logic_1164.all;
entity Top is port (Clk, D : in std_logic; Q : out std_logic_vector(1 downto 0)); end;
architecture rtl of Top is signal kept : std_logic := '1'; begin
  process (Clk) begin if rising_edge(Clk) then kept <= D; end if; end process;
  Q <= kept & D;
end;\n";

fn synthesise_by(front_end: FrontEnd, submission: &Submission) -> Synthesis {
    let policy = Policy { front_end: Some(front_end), ..Policy::default() };
    flow().synthesise(submission, &policy, Device::Up5k).expect("no fault of the lab")
}

#[test]
fn slang_reads_what_yosys_does_not() {
    let design = accepted(synthesise(&files(&[("p.sv", PACKAGE), ("a b/top.sv", IMPORTS)])));
    assert_eq!(design.front_end, FrontEnd::Slang);
    assert_eq!((design.resources.ff, design.events.clocks.len()), (4, 1));

    let plain = submission("module top(input a, output y); assign y = ~a; endmodule");
    assert_eq!(accepted(synthesise(&plain)).front_end, FrontEnd::Verilog);
    assert_eq!(accepted(synthesise_by(FrontEnd::Slang, &plain)).front_end, FrontEnd::Slang);

    let imports = files(&[("p.sv", PACKAGE), ("top.sv", IMPORTS)]);
    let rejection = rejected(synthesise_by(FrontEnd::Verilog, &imports), FailStage::Parse);
    assert_eq!(rejection.front_end, Some(FrontEnd::Verilog));
}

#[test]
fn slang_and_yosys_make_the_same_of_a_design() {
    let text = "module top(input clk, input [7:0] d, input s, output reg [7:0] q, output p);
        reg [7:0] m [0:63];
        always @(posedge clk) begin if (s) m[d[5:0]] <= d; q <= m[d[5:0]]; end
        assign p = ^d;
      endmodule";
    let own = accepted(synthesise_by(FrontEnd::Verilog, &submission(text)));
    let slang = accepted(synthesise_by(FrontEnd::Slang, &submission(text)));
    assert_eq!(own.interface, slang.interface);
    assert_eq!(own.events, slang.events);
    assert_eq!((own.resources.bram, slang.resources.bram), (1, 1));
}

#[test]
fn the_guard_looks_behind_slang() {
    for (body, stage) in [
        ("(* BEL = \"X1/Y1/lc0\" *) SB_DFF spy(.C(clk), .D(clk), .Q());", FailStage::ForbiddenCell),
        ("SB_WARMBOOT boot(.BOOT(clk), .S1(clk), .S0(clk));", FailStage::ForbiddenCell),
        ("assign q = clk ? 1'b1 : 1'bz;", FailStage::Tristate),
        ("logic r; assign r = ~(r & clk); assign q = r;", FailStage::CombLoop),
    ] {
        let text = format!(
            "package p; endpackage module top import p::*; (input clk, output logic q); {body}
             endmodule"
        );
        let rejection = rejected(synthesise(&submission(&text)), stage);
        assert_eq!(rejection.front_end, Some(FrontEnd::Slang), "{body}");
    }
}

#[test]
fn of_two_front_ends_that_give_up_in_the_same_place_slang_is_heard() {
    // Neither parses it, and slang says more.
    let rejection = rejected(
        synthesise(&submission("module top(input a, output y);\n  assign y = a &;\nendmodule")),
        FailStage::Parse,
    );
    assert_eq!(rejection.front_end, Some(FrontEnd::Slang));
    let error = &rejection.diagnostics[0];
    assert_eq!((error.tool.as_str(), error.severity), ("slang", Severity::Error));
    assert_eq!(
        (error.file.as_deref(), error.line, error.column),
        (Some("design.sv"), Some(2), Some(17))
    );
    assert_eq!(
        rejection.diagnostics.iter().filter(|d| d.severity == Severity::Error).count(),
        1,
        "{rejection:?}"
    );
}

#[test]
fn vhdl_has_the_case_of_whoever_asks() {
    let design = accepted(synthesise(&files(&[("top.vhd", VHDL)])));
    assert_eq!(design.front_end, FrontEnd::Ghdl);
    assert_eq!((design.resources.ff, design.events.clocks.len()), (1, 1));
    let reference = "module top(input clk, d, output [1:0] q); assign q = {clk, d}; endmodule";
    let reference = accepted(synthesise(&submission(reference)));
    let design = std::sync::Arc::new(design);
    assert!(!reference.interface.compare(&design.interface).is_empty());
    let named = design.named_like(&reference.interface);
    assert_eq!(reference.interface.compare(&named.interface), []);
    let netlist = String::from_utf8(named.netlist_json().expect("no fault")).expect("is text");
    assert!(netlist.contains("\"clk\":{\"direction\":\"input\""), "{netlist}");

    // In Verilog case is part of the name.
    let other = "module top(input Clk, D, output [1:0] Q); assign Q = {Clk, D}; endmodule";
    let other = std::sync::Arc::new(accepted(synthesise(&submission(other))));
    let named = std::sync::Arc::clone(&other).named_like(&reference.interface);
    assert_eq!(named.interface, other.interface);
}

#[test]
fn vhdl_comes_in_the_order_given_and_not_beside_verilog() {
    let leaf = "library ieee; use ieee.std_logic_1164.all;
        entity leaf is port (a : in std_logic; y : out std_logic); end;
        architecture rtl of leaf is begin y <= not a; end;";
    let top = "library ieee; use ieee.std_logic_1164.all;
        entity top is port (a : in std_logic; y : out std_logic); end;
        architecture rtl of top is begin u : entity work.leaf port map (a, y); end;";
    accepted(synthesise(&files(&[("leaf.vhd", leaf), ("top.vhdl", top)])));
    let rejection =
        rejected(synthesise(&files(&[("top.vhdl", top), ("leaf.VHD", leaf)])), FailStage::Parse);
    let error = &rejection.diagnostics[0];
    assert_eq!((error.tool.as_str(), error.file.as_deref()), ("ghdl", Some("top.vhdl")));
    assert!(error.line == Some(3) && error.column.is_some(), "{error:?}");

    let mixed = files(&[("leaf.vhd", leaf), ("top.v", "module top; endmodule")]);
    let rejection = rejected(synthesise(&mixed), FailStage::Elaborate);
    assert!(rejection.verdict.reason.contains("one language"), "{rejection:?}");
}
