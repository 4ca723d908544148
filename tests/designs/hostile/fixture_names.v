// expect: pass
// Names of the fixture's modules and instances are free for a design to use.
module design_slot (
    input      clk,
    input      d,
    output reg q
);
  always @(posedge clk) q <= d;
endmodule

module fixture_top (
    input  clk,
    input  d,
    output q
);
  design_slot slot0 (
      .clk(clk),
      .d  (d),
      .q  (q)
  );
endmodule

module player (
    input  clk,
    input  d,
    output q
);
  fixture_top fixture (
      .clk(clk),
      .d  (d),
      .q  (q)
  );
endmodule

module TopModule (
    input  clk,
    input  d,
    output q
);
  player play_clk (
      .clk(clk),
      .d  (d),
      .q  (q)
  );
endmodule
