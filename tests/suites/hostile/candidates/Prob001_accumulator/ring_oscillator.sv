// Right, with a ring of inverters to heat the device.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
always @(posedge clk) q <= reset ? 8'd0 : q + (d ^ {8{ring[0] & ring[1] & ~ring[0]}});
(* keep *) wire [2:0] ring;
assign ring = {~ring[1:0], ~ring[2]};
endmodule
