//! A leased board's UART on standard input and output.

use super::heartbeat::Heartbeat;
use crate::EXIT_FAULT;
use crate::output::tell;
use crate::remote::told;
use anyhow::Context as _;
use filbench_client::{Client, ClientError, LeaseRef};
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Bytes of standard input that are sent together, and portions that wait.
const PORTION: usize = 4096;
const PORTIONS: usize = 16;
/// How long the server is asked to wait for bytes.
const WAIT: Duration = Duration::from_secs(10);

/// Carries bytes until the board is given back, or both sides have nothing more to say.
pub(super) async fn connect(
    client: &Client,
    lease: &LeaseRef,
    idle: Duration,
) -> anyhow::Result<ExitCode> {
    let view = client.lease(&lease.id).await.map_err(told)?;
    let heartbeat = Heartbeat::start(client, &view);
    let (ended, has_ended) = tokio::sync::watch::channel(false);
    let sending = async {
        let mut portions = read_input();
        while let Some(bytes) = portions.recv().await {
            client.uart_write(lease, bytes.into()).await?;
        }
        ended.send_replace(true);
        // The board may have something to say yet.
        std::future::pending::<Result<Infallible, ClientError>>().await
    };
    tokio::select! {
        end = receive(client, lease, idle, has_ended) => end,
        end = sending => match end {
            Ok(never) => match never {},
            Err(error) => Err(told(error)),
        },
        error = heartbeat.lost() => {
            tell(format_args!("the lease is lost: {error}"));
            Ok(ExitCode::from(EXIT_FAULT))
        }
        code = crate::run::interrupted() => Ok(ExitCode::from(code)),
    }
}

async fn receive(
    client: &Client,
    lease: &LeaseRef,
    idle: Duration,
    has_ended: tokio::sync::watch::Receiver<bool>,
) -> anyhow::Result<ExitCode> {
    let (mut from, mut last) = (0, Instant::now());
    loop {
        let is_last = *has_ended.borrow();
        let wait = if is_last { idle.min(WAIT) } else { WAIT.min(Duration::from_millis(500)) };
        let read = client.uart_read(lease, from, wait).await.map_err(told)?;
        if read.lost > 0 {
            tell(format_args!("{} bytes of the board came too fast and are lost", read.lost));
        }
        if !read.bytes.is_empty() {
            last = Instant::now();
            let mut stdout = std::io::stdout();
            match stdout.write_all(&read.bytes).and_then(|()| stdout.flush()) {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    return Ok(ExitCode::SUCCESS);
                }
                written => written.context("cannot write what the board sent")?,
            }
        }
        from = read.next;
        if read.is_closed || (is_last && read.bytes.is_empty() && last.elapsed() >= idle) {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// Standard input in portions; reading it cannot be stopped.
fn read_input() -> mpsc::Receiver<Vec<u8>> {
    let (sender, portions) = mpsc::channel(PORTIONS);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = [0; PORTION];
        while let Ok(count) = stdin.read(&mut buffer) {
            if count == 0 || sender.blocking_send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    portions
}
