module RefModule (
  input clk,
  input write,
  input [7:0] write_address,
  input [7:0] data,
  input [7:0] read_address,
  output logic [7:0] q
);
  logic [7:0] bytes [256];
  always @(posedge clk) begin
    if (write) bytes[write_address] <= data;
    q <= bytes[read_address];
  end
endmodule
