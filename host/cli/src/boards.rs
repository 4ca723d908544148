//! `filbench boards`.

use crate::args::BoardsArgs;
use crate::output::print;
use crate::remote;
use anyhow::Context as _;
use filbench_api::types::BoardView;
use filbench_board::Board;
use std::process::ExitCode;

/// Lists the known kinds of boards, or a server's boards, and what a selector accepts.
pub fn run(args: &BoardsArgs) -> anyhow::Result<ExitCode> {
    let text = match remote::client(&args.server)? {
        Some(client) => {
            let boards = remote::runtime()?.block_on(client.boards()).map_err(remote::told)?;
            of_server(&boards)
        }
        None => known()?,
    };
    print(&text).context("cannot print the boards")?;
    Ok(ExitCode::SUCCESS)
}

fn known() -> anyhow::Result<String> {
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
         id:NAME            with `--server`: the board with that name\n  \
         tag:TAG            with `--server`: any free board with that tag\n\n\
         Default: `--board virtual:icebreaker`.\n",
    );
    Ok(text)
}

fn of_server(boards: &[BoardView]) -> String {
    let mut text = String::from("Boards of the server:\n\n");
    for board in boards {
        let on = match board.measured_on {
            filbench_model::MeasuredOn::Virtual => "virtual",
            filbench_model::MeasuredOn::Physical => "physical",
        };
        text.push_str(&format!(
            "  {:<22} {:<18} {:<6} {on:<9} {}",
            board.name,
            board.kind,
            board.device,
            board.state.name(),
        ));
        if let Some(lease) = &board.lease {
            text.push_str(&format!(" to {}", lease.holder));
        }
        if let Some(reason) = &board.reason {
            text.push_str(&format!(": {}", reason.lines().next().unwrap_or_default()));
        }
        if !board.tags.is_empty() {
            text.push_str(&format!(" (tags: {})", board.tags.join(", ")));
        }
        text.push('\n');
    }
    text.push_str(
        "\n`--board` accepts:\n\n  \
         virtual:KIND       any virtual board of that kind\n  \
         KIND               any board of that kind\n  \
         id:NAME            the board with that name\n  \
         tag:TAG            any board with that tag\n",
    );
    text
}
