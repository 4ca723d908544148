// 16,777,216 instances.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
always @(posedge clk) q <= reset ? 8'd0 : q + d;
wire [16777215:0] many;
genvar i;
generate
  for (i = 0; i < 16777216; i = i + 1) begin : g
    assign many[i] = d[i % 8] ^ q[(i / 8) % 8];
  end
endgenerate
endmodule
