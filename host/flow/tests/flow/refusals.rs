//! What is refused, and as what.

use crate::support::{files, flow, refused, rejected, submission, synthesise};
use filbench_board::Device;
use filbench_flow::{Policy, SourceFile, Submission};
use filbench_model::FailStage;

#[test]
fn syntax_names_are_told_apart_from_meaning() {
    let reason =
        refused("module top(input a, output y);\n assign y = a\nendmodule", FailStage::Parse);
    assert_eq!(reason, "design.sv:2:14: expected ';'", "slang says more of it than Yosys' reader");
    let reason =
        refused("module top(input a, output y); foo u(a, y); endmodule", FailStage::Elaborate);
    assert_eq!(reason, "design.sv:1:32: unknown module 'foo'");
    refused("module other(input a, output y); assign y = a; endmodule", FailStage::Elaborate);
}

#[test]
fn an_error_names_the_submitters_file_and_line() {
    let submission = files(&[("my design/a b.sv", "module top(\ninput a output y); endmodule")]);
    let rejection = rejected(synthesise(&submission), FailStage::Parse);
    let error = &rejection.diagnostics[0];
    assert_eq!(error.file.as_deref(), Some("my design/a b.sv"));
    assert_eq!(error.line, Some(2));
}

#[test]
fn nothing_to_read_and_no_name_for_it() {
    let none = Submission { files: Vec::new(), top: "top".into() };
    rejected(synthesise(&none), FailStage::Elaborate);
    let mut odd = submission("module top(input a, output y); assign y = a; endmodule");
    odd.top = "top; shell id".into();
    let rejection = rejected(synthesise(&odd), FailStage::Elaborate);
    assert!(rejection.verdict.reason.contains("plain Verilog identifier"));
}

#[test]
fn files_outside_the_submission_are_out_of_reach() {
    for text in [
        "`include \"/etc/passwd\"\nmodule top(input a, output y); assign y = a; endmodule",
        "`include \"../../../../../../etc/passwd\"\nmodule top(input a, output y); assign y = a; endmodule",
        "`include \"/share/ice40/cells_sim.v\"\n`include \"/proc/self/environ\"\nmodule top; endmodule",
    ] {
        let reason = refused(text, FailStage::Parse);
        assert!(reason.contains("include file") || reason.contains("No such file"), "{reason}");
    }
    for path in ["/etc/passwd", "../../../../../../../etc/passwd", "/proc/self/maps"] {
        let text = format!(
            "module top(input [7:0] a, output [7:0] y); reg [7:0] m [0:255];
             initial $readmemh(\"{path}\", m); assign y = m[a]; endmodule"
        );
        let reason = refused(&text, FailStage::Elaborate);
        assert!(reason.contains("open file"), "{reason}");
    }
}

#[test]
fn a_file_name_that_climbs_stays_in_the_job_folder() {
    let submission = files(&[
        ("../../escape.sv", "module top(input a, output y); leaf u(.*); endmodule"),
        ("/tmp/leaf.sv", "module leaf(input a, output y); assign y = a; endmodule"),
    ]);
    crate::support::accepted(synthesise(&submission));
}

#[test]
fn latches_by_policy() {
    let latch = submission(
        "module top(input en, input [1:0] d, output logic [1:0] held);
           always_latch if (en) held = d;
         endmodule",
    );
    let policy = Policy { forbid_latches: true, ..Policy::default() };
    let synthesis = flow().synthesise(&latch, &policy, Device::Up5k).expect("no fault");
    let rejection = rejected(synthesis, FailStage::Latch);
    assert!(rejection.verdict.reason.contains("`held[0]`, `held[1]`"), "{rejection:?}");
    let register = submission(
        "module top(input clk, d, output reg q); always @(posedge clk) q <= d; endmodule",
    );
    crate::support::accepted(
        flow().synthesise(&register, &policy, Device::Up5k).expect("no fault"),
    );
}

#[test]
fn loops() {
    for (text, through) in [
        ("module top(input a, output y); wire r = ~(r & a); assign y = r; endmodule", "`r`"),
        (
            "module top(input s, r, output q, qn); assign q = ~(r | qn); assign qn = ~(s | q); endmodule",
            "`q`",
        ),
        (
            "module top(input en, output reg q); always_latch if (en) q = ~q; endmodule",
            "latches that are open at the same time",
        ),
        (
            "module top(input en, d, output y, output reg l);
               (* keep *) wire [2:0] ring = {~ring[1:0], ~ring[2]};
               always_latch if (en) l = d;
               assign y = ring[0];
             endmodule",
            "`ring[1]`",
        ),
    ] {
        let reason = refused(text, FailStage::CombLoop);
        assert!(reason.contains(through) && reason.contains("design.sv:"), "{reason}");
    }
}

#[test]
fn tristates_and_inouts() {
    refused(
        "module top(input e, a, output y); assign y = e ? a : 1'bz; endmodule",
        FailStage::Tristate,
    );
    let reason = refused(
        "module top(input e, a, inout y); assign y = e ? a : 1'bz; endmodule",
        FailStage::Interface,
    );
    assert!(reason.contains("`y`"), "{reason}");
}

#[test]
fn nets_with_two_drivers() {
    for text in [
        "module top(input a, b, output y); assign y = a; assign y = b; endmodule",
        "module top(input a, b, output y); assign y = a & b; assign y = a | b; endmodule",
        "module top(input a, output y); assign y = a; assign a = 1'b0; endmodule",
        "module top(input a, b, output y); assign y = a & b; assign y = 1'b1; endmodule",
        "module top(input clk, a, b, output reg q);
           always @(posedge clk) if (a) q <= 0;
           always @(posedge clk) if (b) q <= 1;
         endmodule",
    ] {
        let reason = refused(text, FailStage::Elaborate);
        assert!(reason.contains("driver") || reason.contains("driven"), "{reason}");
    }
}

#[test]
fn cells_that_the_device_does_not_have() {
    let reason = refused(
        "module top(input clk, s, r, d, output reg q);
           always @(posedge clk or posedge s or posedge r)
             if (r) q <= 0; else if (s) q <= 1; else q <= d;
         endmodule",
        FailStage::UnsupportedCell,
    );
    assert!(reason.contains("async set and reset"), "{reason}");
    refused(
        "(* blackbox *) module mystery(input a, output y); endmodule
         module top(input a, output y); mystery u(.a(a), .y(y)); endmodule",
        FailStage::UnsupportedCell,
    );
    refused(
        "(* blackbox *) module SB_LUT4(input X, output Y); endmodule
         module top(input a, output y); SB_LUT4 u(.X(a), .Y(y)); endmodule",
        FailStage::UnsupportedCell,
    );
    refused(
        "module top(input a, output y);
           SB_LUT4 #(.LUT_INIT(\"a LUT\")) u(.I0(a), .I1(1'b0), .I2(1'b0), .I3(1'b0), .O(y));
         endmodule",
        FailStage::UnsupportedCell,
    );
    let spram = submission(
        "module top(input clk, input [13:0] a, input [15:0] d, output [15:0] q);
           SB_SPRAM256KA ram(.ADDRESS(a), .DATAIN(d), .MASKWREN(4'hf), .WREN(1'b1),
             .CHIPSELECT(1'b1), .CLOCK(clk), .STANDBY(1'b0), .SLEEP(1'b0), .POWEROFF(1'b1),
             .DATAOUT(q));
         endmodule",
    );
    let on = |device| flow().synthesise(&spram, &Policy::default(), device).expect("no fault");
    rejected(on(Device::Hx8k), FailStage::UnsupportedCell);
    assert_eq!(crate::support::accepted(on(Device::Up5k)).resources.spram, 1);
}

#[test]
fn cells_and_attributes_that_reach_around_the_fixture() {
    for cell in [
        "SB_IO io(.D_OUT_0(a));",
        "SB_GB gb(.USER_SIGNAL_TO_GLOBAL_BUFFER(a), .GLOBAL_BUFFER_OUTPUT(w));",
        "SB_HFOSC osc(.CLKHFEN(1'b1), .CLKHFPU(1'b1), .CLKHF(w));",
        "SB_LFOSC osc(.CLKLFEN(1'b1), .CLKLFPU(1'b1), .CLKLF(w));",
        "SB_WARMBOOT boot(.BOOT(a), .S1(1'b0), .S0(1'b1));",
        "SB_RGBA_DRV led(.CURREN(a), .RGBLEDEN(a), .RGB0PWM(a));",
        "SB_PLL40_CORE #(.FEEDBACK_PATH(\"SIMPLE\")) pll(.REFERENCECLK(a), .PLLOUTCORE(w));",
        "SB_SPI spi(.SBCLKI(a));",
        "ICESTORM_LC lc(.I0(a), .O(w));",
    ] {
        let text = format!("module top(input a, output y); wire w; {cell} assign y = a; endmodule");
        let reason = refused(&text, FailStage::ForbiddenCell);
        let kind = cell.split([' ', '#']).next().expect("a type");
        assert!(reason.contains(kind), "{reason}");
    }
    for (text, attribute) in [
        (
            "module top(input clk, d, output q);
               (* BEL = \"X1/Y1/lc0\" *) SB_DFF u(.C(clk), .D(d), .Q(q));
             endmodule",
            "BEL",
        ),
        ("module top(input clk, d, (* LOC = \"35\" *) output q); assign q = d; endmodule", "LOC"),
        (
            "module top(input clk, d, output q);
               (* NEXTPNR_BEL = \"X1/Y1/lc0\" *) SB_DFF u(.C(clk), .D(d), .Q(q));
             endmodule",
            "NEXTPNR_BEL",
        ),
    ] {
        let reason = refused(text, FailStage::ForbiddenCell);
        assert!(reason.contains(attribute), "{reason}");
    }
}

#[test]
fn names_and_texts_of_any_bytes() {
    let mut bytes = b"module top(input a, output y); (* note = \"".to_vec();
    bytes.extend([0xff, 0x80, b'\\', b'n']);
    bytes.extend(b"\" *) wire \\od\xffd{}'\"name ; assign \\od\xffd{}'\"name = ~a; assign y = \\od\xffd{}'\"name ; endmodule");
    let submission = Submission {
        files: vec![SourceFile { name: "caf\u{e9}.sv".into(), contents: bytes }],
        top: "top".into(),
    };
    crate::support::accepted(synthesise(&submission));
}

/// nextpnr says nothing of what it leaves out of a multiplier, and the board would compute
/// something else.
#[test]
fn multipliers_that_no_bitstream_can_configure() {
    let text = |parameters: &str, ports: &str| {
        format!(
            "module top(input clk, i, input [15:0] a, b, output [31:0] o);
               SB_MAC16 #({parameters}) u(.CLK(clk), .CE(1'b1), .A(a), .B(b), .O(o), {ports});
             endmodule"
        )
    };
    for (parameters, ports, expected) in [
        (".NEG_TRIGGER(1'b1), .A_REG(1'b1)", ".CI(1'b0)", "NEG_TRIGGER"),
        (".BOTADDSUB_CARRYSELECT(2'b10)", ".ACCUMCI(i)", "ACCUMCI"),
        (".BOTADDSUB_CARRYSELECT(2'b10)", ".ACCUMCI(1'b0)", "ACCUMCI"),
        (".BOTADDSUB_LOWERINPUT(2'b11)", ".SIGNEXTIN(i)", "SIGNEXTIN"),
        (".BOTADDSUB_LOWERINPUT(2'b11)", ".CI(i)", "SIGNEXTIN"),
    ] {
        let reason = refused(&text(parameters, ports), FailStage::UnsupportedCell);
        assert!(reason.contains(expected) && reason.contains("`u`"), "{reason}");
    }
    for (parameters, ports) in [
        (".NEG_TRIGGER(1'b0), .A_REG(1'b1)", ".CI(1'b0)"),
        (".TOPADDSUB_CARRYSELECT(2'b10), .BOTADDSUB_CARRYSELECT(2'b11)", ".CI(i)"),
    ] {
        let synthesis = synthesise(&submission(&text(parameters, ports)));
        assert_eq!(crate::support::accepted(synthesis).resources.dsp, 1, "{parameters}");
    }
}
