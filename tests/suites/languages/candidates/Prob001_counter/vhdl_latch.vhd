library ieee;
use ieee.std_logic_1164.all;

entity TopModule is
  port (
    clk, reset, enable : in std_logic;
    count : out std_logic_vector(3 downto 0);
    wrap : out std_logic
  );
end entity;

architecture rtl of TopModule is
begin
  process (enable, reset)
  begin
    if enable = '1' then
      wrap <= reset;
    end if;
  end process;
  count <= "0000";
end architecture;
