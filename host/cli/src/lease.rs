//! `filbench lease`.

mod heartbeat;
mod uart;

use crate::args::{Format, LeaseCommand, LeaseTakeArgs};
use crate::output::{print, tell};
use crate::remote::{needed, runtime, told};
use crate::usage::Usage;
use crate::{EXIT_FAULT, bounded};
use anyhow::Context as _;
use filbench_api::types::{LeaseRequest, LeaseView};
use filbench_client::{Client, LeaseRef};
use heartbeat::Heartbeat;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitCode, ExitStatus};
use std::time::{Duration, SystemTime};

/// Where a command finds the lease under which it runs.
const LEASE: &str = "FILBENCH_LEASE";
/// A bitstream of the largest iCE40 has a fiftieth.
const BITSTREAM_BYTES_MAX: u64 = 16 << 20;

/// Runs one of the subcommands.
pub fn run(command: &LeaseCommand) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let end = runtime.block_on(async {
        match command {
            LeaseCommand::Take(args) => take(&needed(&args.server)?, args).await,
            LeaseCommand::Extend { lease, ttl, server } => {
                let lease = needed(server)?.extend(&lease.lease, *ttl).await.map_err(told)?;
                tell(format_args!("{}", until(&lease)));
                Ok(ExitCode::SUCCESS)
            }
            LeaseCommand::Release { lease, server } => {
                let lease = needed(server)?.release(&lease.lease.id).await.map_err(told)?;
                tell(format_args!("{} is free", lease.board));
                Ok(ExitCode::SUCCESS)
            }
            LeaseCommand::Program { bitstream, lease, server } => {
                let bytes = bounded::read(bitstream, BITSTREAM_BYTES_MAX)
                    .map_err(|source| Usage::Bitstream { path: bitstream.clone(), source })?;
                let lease =
                    needed(server)?.program(&lease.lease, bytes.into()).await.map_err(told)?;
                tell(format_args!("{} is programmed", lease.board));
                Ok(ExitCode::SUCCESS)
            }
            LeaseCommand::Uart { lease, idle, server } => {
                let idle = Duration::try_from_secs_f64(*idle)
                    .map_err(|error| Usage::Server(format!("`--idle {idle}`: {error}")))?;
                uart::connect(&needed(server)?, &lease.lease, idle).await
            }
        }
    });
    // Reading standard input cannot be stopped.
    runtime.shutdown_background();
    end
}

async fn take(client: &Client, args: &LeaseTakeArgs) -> anyhow::Result<ExitCode> {
    let request =
        LeaseRequest { board: args.board.clone(), ttl_s: args.ttl, wait_s: Some(args.wait) };
    let lease = client.take(&request).await.map_err(told)?;
    if args.command.is_empty() {
        let text = match args.format {
            Format::Human => format!("{}\n", LeaseRef::of(&lease)),
            Format::Json => {
                serde_json::to_string_pretty(&lease).context("the lease cannot be written")? + "\n"
            }
        };
        tell(format_args!("{}", until(&lease)));
        print(&text).context("cannot print the lease")?;
        return Ok(ExitCode::SUCCESS);
    }
    tell(format_args!("{} is reserved", lease.board));
    let heartbeat = Heartbeat::start(client, &lease);
    let ended = while_held(client, &lease, args, heartbeat).await;
    // It would end by itself, later.
    if let Err(error) = client.release(&lease.id).await {
        tell(format_args!("{} is not given back: {error}", lease.board));
    }
    ended
}

/// Runs the command, which is ended when the lease is lost.
async fn while_held(
    client: &Client,
    lease: &LeaseView,
    args: &LeaseTakeArgs,
    heartbeat: Heartbeat,
) -> anyhow::Result<ExitCode> {
    let command = &args.command;
    let mut started = tokio::process::Command::new(&command[0]);
    started.args(&command[1..]).env(LEASE, LeaseRef::of(lease).to_string()).kill_on_drop(true);
    // Further commands speak to the same server.
    started.env("FILBENCH_SERVER", client.server());
    if let Some(file) = &args.server.token_file {
        started.env("FILBENCH_TOKEN_FILE", file);
    }
    let mut child = started
        .spawn()
        .map_err(|error| Usage::Server(format!("cannot run `{}`: {error}", command[0])))?;
    tokio::select! {
        status = child.wait() => {
            let status = status.with_context(|| format!("cannot wait for `{}`", command[0]))?;
            Ok(ExitCode::from(code(status)))
        }
        error = heartbeat.lost() => {
            tell(format_args!("the lease is lost, so `{}` is ended: {error}", command[0]));
            child.kill().await.ok();
            Ok(ExitCode::from(EXIT_FAULT))
        }
        // The command got the signal, too, when it came from a terminal.
        code = crate::run::interrupted() => {
            child.kill().await.ok();
            Ok(ExitCode::from(code))
        }
    }
}

/// As shells have it.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(EXIT_FAULT)
}

/// Which board, and for how long.
fn until(lease: &LeaseView) -> String {
    let expires = Duration::from_millis(lease.expires_ms.unsigned_abs());
    let time = humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + expires);
    format!("{} is reserved until {time}", lease.board)
}
