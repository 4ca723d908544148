//! From a design to a bitstream.

use crate::support::{design, flow, flow_with_cache, icebreaker};
use filbench_board::Board;
use filbench_flow::{Bitstream, Design, Firmware, Flow, Linked, Placed, Placement};
use filbench_model::{FailStage, FaultPlace, InconclusiveReason, Outcome, Stage};
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};
use std::os::unix::fs::PermissionsExt;

fn firmware() -> Firmware {
    // An endless loop.
    Firmware::new(vec![0x6f, 0x00, 0x00, 0x00])
}

fn link(design: &Design) -> Linked {
    flow().link(design, &icebreaker(), &firmware()).expect("there is room")
}

fn place(linked: &Linked, seed: u32) -> Placed {
    match flow().place(linked, &icebreaker(), seed).expect("no fault") {
        Placement::Placed(placed) => *placed,
        Placement::Rejected(rejection) => panic!("{rejection:?}"),
    }
}

fn pack(placed: &Placed) -> Bitstream {
    flow().pack(placed).expect("no fault")
}

const COUNTER: &str = "module top(input en, input clk, output reg [3:0] q);
    initial q = 0;
    always @(posedge clk) if (en) q <= q + 1;
endmodule";

#[test]
fn the_same_design_gives_the_same_bitstream() {
    let linked = link(&design(COUNTER));
    let placed = place(&linked, 1);
    let bitstream = pack(&placed);
    // A UP5K image, behind its comment.
    assert_eq!(bitstream.bytes.len(), 104_090);
    assert!(bitstream.bytes.windows(4).any(|w| w == [0x7e, 0xaa, 0x99, 0x7e]));

    let again = link(&design(COUNTER));
    assert_eq!(again.netlist_hash, linked.netlist_hash);
    assert_eq!(pack(&place(&again, 1)), bitstream);

    let [alone] = &placed.designs[..] else { panic!("{:?}", placed.designs) };
    let clock = alone.timing.iter().find(|t| t.clock == "clk").expect("the design's clock");
    assert!(clock.of_design && clock.predicted_mhz > Some(20.0) && clock.constraint_mhz.is_none());
    for of_fixture in ["fixture", "play_clk"] {
        let [alone] = &placed.designs[..] else { panic!("{:?}", placed.designs) };
        let clock = alone.timing.iter().find(|t| t.clock == of_fixture).expect("is reported");
        assert!(!clock.of_design && clock.predicted_mhz > Some(12.0));
    }
    let path = alone
        .critical_paths
        .iter()
        .find(|path| path.from == "clk" && path.to == "clk")
        .expect("the counter's own path");
    let sources: Vec<&String> = path.steps.iter().flat_map(|step| &step.sources).collect();
    assert!(sources.iter().any(|source| *source == "design.sv:1"), "{path:?}");
    assert!((1..=4).contains(&alone.settle_cycles));
    assert!(placed.utilisation["ICESTORM_LC"].0 > 500);
}

/// What the fixture takes of a UP5K; a wide design's wrapper beside it.
#[test]
fn the_fixture_keeps_to_its_size() {
    let fixture_beside = |inputs: usize, outputs: usize| {
        let wire = format!(
            "module top(input [{}:0] a, output [{}:0] y); assign y = a[0]; endmodule",
            inputs - 1,
            outputs - 1
        );
        let placed = place(&link(&design(&wire)), 1);
        let clocks = placed.designs[0].timing.iter();
        let slowest = clocks.filter_map(|clock| clock.predicted_mhz).fold(f64::MAX, f64::min);
        assert!(slowest > 1.5 * 12.0, "{slowest} MHz with {inputs} inputs, {outputs} outputs");
        let used = |what: &str| placed.utilisation[what].0;
        (used("ICESTORM_LC"), used("ICESTORM_RAM"))
    };
    let (cells, rams) = fixture_beside(32, 32);
    assert!(cells <= 1000 && rams <= 16, "{cells} logic cells, {rams} block RAMs");
    let (wide, _) = fixture_beside(1040, 512);
    let budget = 2 * (1040 - 32) + (512 - 32);
    assert!(wide - cells <= budget, "{wide} logic cells with a wide wrapper, {cells} without");
}

/// Neither of the two clocks has a path from register to register.
#[test]
fn clocks_without_a_path_are_in_the_timing() {
    let design = design(
        "module top(input clk, \\weird$clock , input d, output reg q, output reg r);
           always @(posedge clk) q <= d;
           always @(negedge \\weird$clock ) r <= q;
         endmodule",
    );
    let placed = place(&link(&design), 1);
    let of_design = placed.designs[0].timing.iter().filter(|clock| clock.of_design);
    let clocks: Vec<_> = of_design.map(|c| (c.clock.as_str(), c.predicted_mhz)).collect();
    assert_eq!(clocks, [("clk", None), ("weird$clock", None)]);
}

#[test]
fn a_design_alone_is_timed_between_its_own_registers() {
    let timed = |design: &Design, seed| {
        flow().time_alone(design, &icebreaker(), seed).expect("no fault of the lab")
    };
    let counter = timed(&design(COUNTER), 1);
    let [(clock, mhz)] = &counter.clocks[..] else { panic!("{counter:?}") };
    assert!(clock == "clk" && *mhz > 50.0, "{counter:?}");
    assert_eq!((timed(&design(COUNTER), 1), counter.delay_ns), (counter.clone(), None));

    // Sixteen times the logic takes longer, and no port is too many.
    let adders = |count: usize| {
        design(&format!(
            "module top(input [511:0] a, output [511:0] y);
               assign y = {{a[511:33], {}}};
             endmodule",
            (0..count).fold("a[32:0]".to_owned(), |sum, n| format!("({sum} + a[{n} +: 33])"))
        ))
    };
    let [short, long] = [1, 4].map(|count| timed(&adders(count), 1));
    assert_eq!(short.clocks, []);
    let (short, long) = (short.delay_ns.expect("has a path"), long.delay_ns.expect("has one"));
    assert!(3.0 < short && short + 2.0 < long, "{short} ns and {long} ns");

    // A register without logic has no path of its own, and a latch is no wire.
    let register = "module top(input c, d, output reg q); always @(posedge c) q <= d; endmodule";
    let latch = "module top(input e, d, output reg q); always_latch if (e) q = d; endmodule";
    for text in [register, latch] {
        let alone = timed(&design(text), 1);
        assert_eq!((alone.clocks.len(), alone.delay_ns), (0, None), "{text}");
    }
    // Seeds are not for show.
    let product =
        design("module top(input [7:0] a, b, output [8:0] y); assign y = a * b + a; endmodule");
    let delays: Vec<_> = (1..=3).map(|seed| timed(&product, seed).delay_ns).collect();
    assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
}

#[test]
fn latches_place_and_other_seeds_differ() {
    let latch =
        design("module top(input en, d, output reg q); always_latch if (en) q = d; endmodule");
    let linked = link(&latch);
    let first = pack(&place(&linked, 1));
    let second = pack(&place(&linked, 2));
    assert_ne!(first.sha256, second.sha256);
}

#[test]
fn the_hash_is_of_netlist_and_firmware() {
    let counter = design(COUNTER);
    let linked = link(&counter);
    assert_ne!(link(&design(&COUNTER.replace("+ 1", "+ 3"))).netlist_hash, linked.netlist_hash);
    // Source lines do not count.
    assert_eq!(link(&design(&format!("\n\n{COUNTER}"))).netlist_hash, linked.netlist_hash);
    let other = Firmware::new(vec![0x13, 0, 0, 0, 0x6f, 0, 0, 0]);
    let with_other = flow().link(&counter, &icebreaker(), &other).expect("there is room");
    assert_ne!(with_other.netlist_hash, linked.netlist_hash);
}

#[test]
fn events_get_the_cheapest_player_bits() {
    let linked = link(&design(
        "module top(input [8:0] d, input rst, input clk, output reg [8:0] q);
           always @(posedge clk or posedge rst) if (rst) q <= 0; else q <= d;
         endmodule",
    ));
    let [alone] = &linked.designs[..] else { panic!("{:?}", linked.designs) };
    assert_eq!(alone.input_map, [2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 0]);
    assert_eq!(alone.output_map, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!((linked.input_bytes, linked.output_bytes), (2, 2));
}

#[test]
fn a_fixture_that_was_cut_short_in_the_cache_is_made_again() {
    let cache = tempfile::tempdir().expect("a folder");
    let flow = flow_with_cache(cache.path());
    let design = design("module top(input a, output y); assign y = a; endmodule");
    let link = || flow.link(&design, &icebreaker(), &firmware()).expect("there is room");
    let first = link();
    let entries = std::fs::read_dir(cache.path().join("fixture")).expect("is there");
    let paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    let [path] = &paths[..] else { panic!("{paths:?}") };
    let whole = std::fs::read(path).expect("is readable");
    std::fs::write(path, &whole[..whole.len() / 2]).expect("is writable");
    assert_eq!(link().netlist_hash, first.netlist_hash);
    assert_eq!(std::fs::read(path).expect("is readable"), whole);
}

#[test]
fn one_netlist_for_one_board() {
    let flow = flow();
    let hx8k = Board::load("ice40_hx8k_b_evn").expect("is known");
    let design = design("module top(input a, output y); assign y = a; endmodule");
    let verdict = flow.link(&design, &hx8k, &firmware()).expect_err("another device");
    assert_eq!(verdict.outcome, Outcome::Fault);
    assert!(flow.place(&link(&design), &hx8k, 1).is_err());
}

#[test]
fn cells_that_only_nextpnr_can_judge() {
    // Two carry chains cannot leave one carry cell.
    let design = design(
        "module top(input [2:0] a, b, input c, output [1:0] y);
           wire k;
           SB_CARRY first(.I0(a[0]), .I1(b[0]), .CI(c), .CO(k));
           SB_CARRY left(.I0(a[1]), .I1(b[1]), .CI(k), .CO(y[0]));
           SB_CARRY right(.I0(a[2]), .I1(b[2]), .CI(k), .CO(y[1]));
         endmodule",
    );
    match flow().place(&link(&design), &icebreaker(), 1).expect("no fault of the lab") {
        Placement::Placed(_) => {}
        Placement::Rejected(rejection) => assert_eq!(
            rejection.verdict.stage,
            Some(Stage::Fail(FailStage::UnsupportedCell)),
            "{rejection:?}"
        ),
    }
}

#[test]
fn no_room() {
    let verdict = |design: &Design| {
        flow().link(design, &icebreaker(), &firmware()).expect_err("there is no room")
    };
    // Block RAMs of 256 x 16: the UP5K has 30, the fixture takes half of them.
    let rams = |count: usize| {
        design(&format!(
            "module top(input clk, we, input [12:0] a, input [15:0] d, output reg [15:0] q);
               reg [15:0] m [0:{}];
               always @(posedge clk) begin if (we) m[a] <= d; q <= m[a]; end
             endmodule",
            256 * count - 1
        ))
    };
    let too_many = verdict(&rams(31));
    assert_eq!(too_many.stage, Some(Stage::Fail(FailStage::Fit)));
    assert!(too_many.reason.contains("of 30 block RAMs"), "{too_many:?}");
    let beside = verdict(&rams(20));
    assert_eq!(beside.outcome, Outcome::Inconclusive);
    assert_eq!(beside.stage, Some(Stage::Inconclusive(InconclusiveReason::FixtureRoom)));
    let wide = verdict(&design("module top(input [1040:0] a, output y); assign y = ^a; endmodule"));
    assert_eq!(wide.stage, Some(Stage::Inconclusive(InconclusiveReason::FixtureRoom)));
    assert!(wide.reason.contains("1041 input bits"), "{wide:?}");
}

/// A flow whose nextpnr places nothing at all.
fn broken_flow() -> (tempfile::TempDir, Flow) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, does) in [
        ("yosys", "echo 'Yosys 0.70 (git sha1 0)'; [ \"$1\" = -V ]"),
        ("nextpnr-ice40", "echo '(Version nextpnr-0.11)'; [ \"$1\" = --version ]"),
        ("icepack", ":"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{does}\n")).expect("it can be written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("it is ours");
    }
    let toolbox = Toolbox::open(ToolboxConfig {
        cache: cache_root(),
        worker: Some(env!("CARGO_BIN_EXE_filbench-flow-worker").into()),
        tools: EdaTools::Native { path: Some(folder.path().into()) },
    });
    let flow = Flow::new(toolbox.expect("the scripts are there"), cache_root());
    (folder, flow)
}

/// That a design instantiates cells explains nothing while a known-good one fails as well.
#[test]
fn a_broken_nextpnr_fails_no_design() {
    let own_cell =
        design("module top(input clk, d, output q); SB_DFF u(.C(clk), .D(d), .Q(q)); endmodule");
    let (_folder, broken) = broken_flow();
    for design in [own_cell, design(COUNTER)] {
        let fault = broken.place(&link(&design), &icebreaker(), 1).expect_err("a fault");
        assert_eq!(fault.place, FaultPlace::Tool, "{fault}");
        assert!(fault.to_string().contains("nor does a known-good design"), "{fault}");
    }
}
