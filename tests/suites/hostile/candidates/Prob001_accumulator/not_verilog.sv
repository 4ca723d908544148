// Is no Verilog.
Here is the module you asked for:

```verilog
module TopModule (input clk, input reset, input [7:0] d, output reg [7:0] q);
```
