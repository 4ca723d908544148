// A memory of 1,048,576 bytes that is read at once, so that no block memory can hold it.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  logic [7:0] bytes [1048576];
  wire [19:0] address = {q, d, q[7:4]};
  wire [7:0] byte_there = bytes[address];
  always @(posedge clk) begin
    bytes[address] <= d;
    q <= reset ? 8'd0 : q + d + byte_there;
  end
endmodule
