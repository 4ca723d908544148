//! `filbench boards`.

use anyhow::Context as _;
use filbench_board::Board;
use std::io::Write as _;
use std::process::ExitCode;

/// Lists the known kinds of boards and what a selector accepts.
pub fn run() -> anyhow::Result<ExitCode> {
    let mut text = String::from("Known kinds of boards:\n\n");
    for kind in Board::known() {
        let board = Board::load(kind).with_context(|| format!("boards/{kind}.toml"))?;
        text.push_str(&format!(
            "  {kind:<18} {} ({} {}, {} MHz)\n",
            board.name,
            board.device,
            board.package,
            f64::from(board.clock_hz) / 1e6,
        ));
    }
    text.push_str(
        "\n`--board` accepts:\n\n  \
         virtual:KIND       a board in software that runs the bitstream; always there\n  \
         KIND               any free board of that kind on the table\n  \
         id:NAME            the board with that serial or USB port\n\n\
         Default: `--board virtual:icebreaker`.\n",
    );
    // Fails only when nobody reads.
    std::io::stdout().write_all(text.as_bytes()).ok();
    Ok(ExitCode::SUCCESS)
}
