module TopModule (
  input clk,
  input write,
  input [7:0] write_address,
  input [7:0] data,
  input [7:0] read_address,
  output [7:0] q
);
  reg [7:0] store [0:255];
  reg [7:0] out;
  assign q = out;
  always @(posedge clk) out <= store[read_address];
  always @(posedge clk) if (write) store[write_address] <= data;
endmodule
