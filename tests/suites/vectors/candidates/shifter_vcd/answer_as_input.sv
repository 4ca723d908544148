// Has the answer told, and repeats the part that it declares.
module TopModule (
    input        clk,
    input        clear_n,
    input        d,
    input  [7:0] q,
    output       full
);
  assign full = &q;
endmodule
