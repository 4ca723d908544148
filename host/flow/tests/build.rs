//! From source to bitstream.

mod support;

use filbench_board::Board;
use filbench_flow::{Firmware, Placement};
use support::{design, flow};

#[test]
fn a_flip_flop_becomes_a_bitstream() {
    let flow = flow();
    let board = Board::load("icebreaker").unwrap();
    let design = design(
        "module top(input clk, input d, output reg q); always @(posedge clk) q <= d; endmodule",
    );
    let linked = flow.link(&design, &board, &Firmware::new(vec![0x6f, 0, 0, 0])).unwrap();
    let Placement::Placed(placed) = flow.place(&linked, &board, 1).unwrap() else {
        panic!("no placement");
    };
    println!(
        "{:#?} {:#?} {} {:?}",
        placed.timing, placed.critical_paths, placed.settle_cycles, placed.utilisation
    );
    let bitstream = flow.pack(&placed).unwrap();
    assert_eq!(&bitstream.bytes[..2], [0xff, 0x00]);
    println!("{}", bitstream.bytes.len());
}
