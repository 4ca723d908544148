library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

-- Case means nothing in VHDL: neither in the entity's name nor in those of ports.
entity TOPMODULE is
  port (
    CLK, Reset, enable : in std_logic;
    Count : out std_logic_vector(3 downto 0);
    wrap : out std_logic
  );
end entity;

architecture rtl of topmodule is
  signal value : unsigned(3 downto 0);
begin
  process (clk)
  begin
    if rising_edge(clk) then
      if reset = '1' then
        value <= (others => '0');
      elsif enable = '1' then
        value <= value + ;
      end if;
    end if;
  end process;
  count <= std_logic_vector(value);
  wrap <= '1' when value = 15 else '0';
end architecture;
