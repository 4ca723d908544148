// expect: fail (forbidden_cell)
// Pins belong to the fixture.
module TopModule (
    input  clk,
    input  d,
    output q
);
  SB_IO #(
      .PIN_TYPE(6'b101001)
  ) pad (
      .PACKAGE_PIN  (q),
      .OUTPUT_ENABLE(1'b1),
      .D_OUT_0      (d)
  );
endmodule
