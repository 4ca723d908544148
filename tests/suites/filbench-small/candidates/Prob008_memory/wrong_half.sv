module TopModule (
  input clk,
  input write,
  input [7:0] write_address,
  input [7:0] data,
  input [7:0] read_address,
  output reg [7:0] q
);
  reg [7:0] bytes [0:127];
  always @(posedge clk) begin
    if (write) bytes[write_address[6:0]] <= data;
    q <= bytes[read_address[6:0]];
  end
endmodule
