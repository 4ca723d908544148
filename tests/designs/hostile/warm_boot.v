// expect: fail (forbidden_cell)
// A design that reboots the device takes the fixture with it.
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  always @(posedge clk) q <= d;
  SB_WARMBOOT reboot (
      .BOOT(q),
      .S1  (1'b0),
      .S0  (1'b1)
  );
endmodule
