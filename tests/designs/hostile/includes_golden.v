// expect: fail (parse)
// A candidate's job folder holds its own files only.
`include "dff_ref.sv"
module TopModule (
    input  clk,
    input  d,
    output q
);
  RefModule golden (
      .clk(clk),
      .d  (d),
      .q  (q)
  );
endmodule
