module teletype (
    input        clk,
    input        reset,
    output [7:0] ch
);
  reg [4:0] n;
  always @(posedge clk) n <= reset ? 5'd0 : n + 5'd1;
  letter letter (.n(n), .ch(ch));
endmodule
