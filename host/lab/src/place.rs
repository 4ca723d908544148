use async_trait::async_trait;
use filbench_model::{BoardRecord, Fault, MeasuredOn};
use filbench_wire::Request;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// A byte line to a board's firmware.
pub trait Link: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + ?Sized> Link for T {}

/// How long a [`Session`](crate::Session) waits, and how often it tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From the last byte of a request to the last byte of its reply; sending the request
    /// may take as long.
    pub reply: Duration,
    /// The same for `Hello`, which a board answers as soon as it has booted. One from which
    /// nothing came at all in two of these is silent.
    pub hello: Duration,
    /// Between two bytes of one message, captures included.
    pub gap: Duration,
    /// A line is quiet when nothing came for so long.
    pub quiet: Duration,
    /// How often one request is sent at most.
    pub attempts: u32,
}

impl Timing {
    /// How long sending `request` may take, and how long its reply.
    pub(crate) fn limit(&self, request: Request) -> Duration {
        match request {
            Request::Hello => self.hello,
            _ => self.reply,
        }
    }
}

/// A board that can be taken, loaded and spoken with.
#[async_trait]
pub trait Place: Send {
    /// Waits until the board can be had, where others use it as well, and takes it until
    /// [`release`](Self::release).
    ///
    /// # Errors
    /// A fault when it cannot be had.
    async fn reserve(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    /// Loads a bitstream into the board's configuration memory, from a clean state, and
    /// opens the line to the firmware in it. A link that was given before is dead.
    ///
    /// # Errors
    /// A fault of the lab, never a word on the design.
    async fn program(&mut self, bitstream: &[u8]) -> Result<Box<dyn Link>, Fault>;

    /// Which board this is.
    fn record(&self) -> BoardRecord;

    /// Silicon or software.
    fn measured_on(&self) -> MeasuredOn;

    /// What a session on this board may take.
    fn timing(&self) -> Timing;

    /// What the board's side said before the line broke, for an error message.
    async fn last_words(&mut self) -> Option<String>;

    /// Is told how a play ended, before the board is released: whoever looks after boards
    /// counts their faults.
    fn played(&mut self, _fault: Option<&Fault>) {}

    /// Puts the board into its safe state: the design's inputs frozen, no child left.
    async fn release(&mut self);
}
