module teletype (
    input              clk,
    input              reset,
    output logic [7:0] ch
);
  logic [4:0] n;
  always_ff @(posedge clk) n <= reset ? '0 : n + 1'b1;
  always_comb
    case (n)
      0: ch = "H";
      1: ch = "E";
      2, 3: ch = "L";
      4: ch = "O";
      default: ch = ".";
    endcase
endmodule
