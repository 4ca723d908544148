module slow_inc (
    input            clk,
    input            rst_n,
    input            start,
    input      [3:0] d,
    output reg       done,
    output reg [3:0] y
);
  reg [1:0] left;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) begin
      left <= 2'd0;
      done <= 1'b0;
      y    <= 4'd0;
    end else if (start) begin
      left <= 2'd2;
      done <= 1'b0;
    end else if (left != 2'd0) begin
      left <= left - 2'd1;
      if (left == 2'd1) begin
        done <= 1'b1;
        y    <= d + 4'd3;
      end
    end
endmodule
