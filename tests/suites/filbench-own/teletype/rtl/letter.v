module letter (
    input      [4:0] n,
    output reg [7:0] ch
);
  always @*
    case (n)
      5'd0: ch = "H";
      5'd1: ch = "E";
      5'd2: ch = "L";
      5'd3: ch = "L";
      5'd4: ch = "O";
      default: ch = ".";
    endcase
endmodule
