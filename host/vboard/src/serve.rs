//! A board behind a pair of byte streams: the body of `filbench vboard`.

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use crate::board::{BoardError, VirtualBoard};

/// Clock cycles between two looks at the input: under a millisecond of work.
const SLICE_CYCLES: u64 = 1024;

/// A board that has been silent for this long, with nothing to receive, is
/// most likely polling for input. It then runs at a fraction of the speed, so
/// that a forgotten one does not keep a processor busy.
const BUSY_CYCLES: u64 = 4_000_000;

/// The pause between two slices of such a board.
const PAUSE: Duration = Duration::from_millis(10);

/// Slices between two such pauses.
const SLICES_BETWEEN_PAUSES: u64 = 4;

/// Silence after the end of the input that ends the session.
const LAST_WORDS_CYCLES: u64 = 100_000;

/// Input that may wait for the board, in chunks.
const QUEUED_CHUNKS: usize = 16;

/// Why a session ended otherwise than by the end of its input.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The board cannot go on.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// The input could not be read.
    #[error("cannot read the bytes for the board")]
    Input(#[source] io::Error),
    /// The output could not be written.
    #[error("cannot write the board's bytes")]
    Output(#[source] io::Error),
}

/// Connects a board's serial line with stdin and stdout until stdin ends, so also
/// when whoever holds its other end is killed; a board that goes on talking after that
/// finds that nobody reads.
///
/// (A parent-death signal would be wrong: it comes with the end of the *thread* that
/// started the process.)
///
/// # Errors
/// When the board or a stream fails. A reader of stdout that went away is no
/// error.
pub fn serve_stdio(board: VirtualBoard) -> Result<(), ServeError> {
    serve(board, io::stdin(), io::stdout().lock())
}

/// As [`serve_stdio`], with any streams. The input is read by a thread of its
/// own.
///
/// # Errors
/// When the board or a stream fails.
pub fn serve(
    mut board: VirtualBoard,
    input: impl Read + Send + 'static,
    mut output: impl Write,
) -> Result<(), ServeError> {
    let (sender, chunks) = sync_channel(QUEUED_CHUNKS);
    std::thread::spawn(move || read_chunks(input, &sender));
    let mut silent_since = 0;
    let mut slices = 0u64;
    let mut ended = false;
    loop {
        while !ended {
            match next_chunk(&board, &chunks, silent_since, slices) {
                Next::Bytes(bytes) => {
                    board.send(&bytes.map_err(ServeError::Input)?);
                    silent_since = board.cycles();
                }
                Next::Nothing => break,
                Next::End => {
                    ended = true;
                    silent_since = board.cycles();
                }
            }
        }
        let silent = board.cycles() - silent_since;
        if ended && board.unsent() == 0 && (silent > LAST_WORDS_CYCLES || board.is_quiescent()) {
            return Ok(());
        }
        board.run(SLICE_CYCLES)?;
        slices += 1;
        let bytes = board.take_received();
        if !bytes.is_empty() {
            silent_since = board.cycles();
            let written = output.write_all(&bytes).and_then(|()| output.flush());
            match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                result => result.map_err(ServeError::Output)?,
            }
        }
        if board.unsent() > 0 {
            silent_since = board.cycles();
        }
    }
}

enum Next {
    Bytes(io::Result<Vec<u8>>),
    Nothing,
    End,
}

fn next_chunk(
    board: &VirtualBoard,
    chunks: &Receiver<io::Result<Vec<u8>>>,
    silent_since: u64,
    slices: u64,
) -> Next {
    // A board on which time changes nothing waits without running.
    if board.is_quiescent() {
        return chunks.recv().map_or(Next::End, Next::Bytes);
    }
    let polling = board.cycles() - silent_since > BUSY_CYCLES;
    if polling && slices.is_multiple_of(SLICES_BETWEEN_PAUSES) {
        return match chunks.recv_timeout(PAUSE) {
            Ok(bytes) => Next::Bytes(bytes),
            Err(RecvTimeoutError::Timeout) => Next::Nothing,
            Err(RecvTimeoutError::Disconnected) => Next::End,
        };
    }
    match chunks.try_recv() {
        Ok(bytes) => Next::Bytes(bytes),
        Err(TryRecvError::Empty) => Next::Nothing,
        Err(TryRecvError::Disconnected) => Next::End,
    }
}

/// Reads until the end; dropping the sender says that it came.
fn read_chunks(mut input: impl Read, sender: &SyncSender<io::Result<Vec<u8>>>) {
    let mut buffer = [0; 4096];
    loop {
        let chunk = match input.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => Ok(buffer[..length].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = chunk.is_err();
        if sender.send(chunk).is_err() || failed {
            return;
        }
    }
}
