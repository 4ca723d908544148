module TopModule (
  input clk,
  input write,
  input [7:0] write_address,
  input [7:0] data,
  input [7:0] read_address,
  output reg [7:0] q
);
  reg [7:0] bytes [0:255];
  always @(posedge clk) begin
    if (write) bytes[write_address] <= data;
    q <= write && write_address == read_address ? data : bytes[read_address];
  end
endmodule
