//! GHDL: it works, and its sandbox holds.

mod common;

use common::{LIMITS, exit_of, run, said};
use filbench_toolbox::{JobDir, Tool, ToolExit, ToolRun, ToolboxError};

/// Synthesises an output that shows the first character of the file `path`.
fn first_of(dir: &JobDir, path: &str) -> ToolRun {
    let text = format!(
        r#"
library ieee; use ieee.std_logic_1164.all; use std.textio.all;
entity top is port (a : in std_logic; q : out std_logic); end;
architecture rtl of top is
  impure function first return std_logic is
    file f : text open read_mode is "{path}";
    variable l : line; variable c : character;
  begin
    readline(f, l); read(l, c);
    if c = 'r' then return '1'; else return '0'; end if;
  end function;
  constant k : std_logic := first;
begin
  q <= k;
end;
"#
    );
    dir.write("top.vhd", text).expect("the folder is there");
    run(dir, Tool::Ghdl, &["--synth", "--std=08", "--out=verilog", "top.vhd", "-e", "top"], LIMITS)
}

#[test]
fn it_reads_its_folder_and_nothing_else() {
    let dir = JobDir::create().expect("there is room");
    dir.write("data.txt", "root\n").expect("there is room");
    let own = first_of(&dir, "data.txt");
    assert_eq!(own.exit, ToolExit::Exited(0), "{}", said(&own));
    let verilog = String::from_utf8_lossy(&own.stdout);
    assert!(verilog.contains("module top") && verilog.contains("1'b1"), "{verilog}");

    let secret = JobDir::create().expect("there is room");
    secret.write("secret.txt", "root\n").expect("there is room");
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link")).expect("there is room");
    let secret = secret.path().join("secret.txt").display().to_string();
    for path in ["/etc/passwd", "../../etc/passwd", "link", "/proc/self/environ", &secret] {
        let run = first_of(&dir, path);
        assert_eq!(run.exit, ToolExit::Exited(1), "{path}: {}", exit_of(&run));
        assert!(!String::from_utf8_lossy(&run.stdout).contains("1'b1"), "{path}: {}", said(&run));
    }
}

#[test]
fn it_is_among_the_tools_of_the_record() {
    let records = common::toolbox().records();
    let ghdl = records.iter().find(|record| record.name == "ghdl").expect("GHDL is installed");
    let major = ghdl.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    assert!(major.is_some_and(|major| major >= 2), "{ghdl:?}");
    assert_eq!(ghdl.sha256.len(), 64);
}

#[test]
fn its_absence_says_what_to_type() {
    let error = ToolboxError::GhdlMissing { searched: vec!["/usr/bin".into()] };
    assert!(error.to_string().contains("apt install ghdl-mcode"), "{error}");
}
