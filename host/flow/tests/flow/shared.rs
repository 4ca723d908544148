//! Several designs in one bitstream.

use crate::support::{design, flow, icebreaker};
use filbench_flow::{Design, Firmware, Placed, Placement, SharedLink};

fn firmware() -> Firmware {
    // An endless loop.
    Firmware::new(vec![0x6f, 0x00, 0x00, 0x00])
}

fn link(designs: &[&Design]) -> SharedLink {
    flow().link_shared(designs, &icebreaker(), &firmware()).expect("no fault")
}

fn place(shared: &SharedLink) -> Placed {
    match flow().place(&shared.linked, &icebreaker(), 1).expect("no fault") {
        Placement::Placed(placed) => *placed,
        Placement::Rejected(rejection) => panic!("{rejection:?}"),
    }
}

/// `words` of 16 bits, a block RAM for each 256.
fn memory(words: usize) -> Design {
    design(&format!(
        "module top(input clk, we, input [11:0] a, input [15:0] d, output reg [15:0] q);
           reg [15:0] m [0:{}];
           always @(posedge clk) begin if (we) m[a] <= d; q <= m[a]; end
         endmodule",
        words - 1
    ))
}

const COUNTER: &str = "module top(input en, input clk, output reg [3:0] q);
    initial q = 0;
    always @(posedge clk) if (en) q <= q + 1;
endmodule";

const ADDER: &str = "module top(input [15:0] a, b, output [15:0] y); assign y = a + b; endmodule";

#[test]
fn each_design_has_its_own_clocks_and_source_lines() {
    let designs = [&design(COUNTER), &design(ADDER), &memory(512)];
    let shared = link(&designs);
    assert_eq!(shared.members, [0, 1, 2]);
    let linked = &shared.linked;
    assert_eq!(linked.designs[0].input_map, [1, 0]);
    assert_eq!(linked.designs[1].output_map.len(), 16);
    assert_ne!(
        link(&[designs[1], designs[0], designs[2]]).linked.netlist_hash,
        linked.netlist_hash
    );

    let placed = place(&shared);
    let clocks = |slot: usize| -> Vec<&str> {
        let own = placed.designs[slot].timing.iter().filter(|clock| clock.of_design);
        own.map(|clock| clock.clock.as_str()).collect()
    };
    assert_eq!((clocks(0), clocks(1), clocks(2)), (vec!["clk"], vec![], vec!["clk"]));
    let path = placed.designs[0]
        .critical_paths
        .iter()
        .find(|path| path.from == "clk" && path.to == "clk")
        .expect("the counter's own path");
    let mut sources = path.steps.iter().flat_map(|step| &step.sources);
    assert!(sources.any(|source| source == "design.sv:1"), "{path:?}");
    assert!(placed.designs.iter().all(|design| (1..=4).contains(&design.settle_cycles)));

    let bitstream = flow().pack(&placed).expect("no fault");
    assert_eq!(flow().pack(&place(&link(&designs))).expect("no fault"), bitstream);
}

#[test]
fn what_does_not_fit_is_left_out() {
    let large = memory(2048);
    let shared = link(&[&large, &large, &design(ADDER)]);
    assert_eq!(shared.members, [0, 2]);
    assert_eq!(shared.linked.designs.len(), 2);
}

#[test]
fn who_may_share() {
    let shares = |text: &str| flow().shares(&design(text));
    assert!(shares(COUNTER) && shares(ADDER));
    assert!(!shares("module top(input [64:0] a, output y); assign y = ^a; endmodule"));
    assert!(!shares("module top(input a, output [64:0] y); assign y = {65{a}}; endmodule"));
    // Nine clocks.
    assert!(!shares(
        "module top(input [8:0] clk, input d, output reg [8:0] q);
           genvar i;
           generate for (i = 0; i < 9; i = i + 1) begin : g
             always @(posedge clk[i]) q[i] <= d;
           end endgenerate
         endmodule"
    ));
    assert!(!shares(
        "module top(input a, output y);
           SB_LUT4 #(.LUT_INIT(16'h5555)) cell0 (.I0(a), .I1(1'b0), .I2(1'b0), .I3(1'b0), .O(y));
         endmodule"
    ));
}
