use embedded_io::{Read, Write};

/// The byte line to the host.
pub trait Line: Read + Write {
    /// Drops what comes until the line pauses.
    ///
    /// After an unreadable frame nobody knows where the next one begins, and a
    /// block that may follow would be read as frames. The host waits for an
    /// answer by then, so the line falls silent.
    fn drain(&mut self) -> Result<(), Self::Error>;

    /// Whether the receiver dropped a byte since the last call.
    fn take_overflow(&mut self) -> bool;

    /// Bytes that the receiver has room for now.
    fn room(&self) -> u16;
}

/// What became of a block on its way here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockCheck {
    /// It waits to be played or dropped.
    Good,
    /// Its CRC did not match; it was dropped.
    Bad,
    /// It stopped arriving; what had come was dropped.
    Stalled,
}

/// What a block did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Bytes in the capture buffer.
    pub captured: u16,
    /// Steps executed since the player's reset.
    pub steps: u32,
    /// The player met a byte that is no opcode.
    pub bad_opcode: bool,
    /// Captures did not fit the capture buffer and are lost.
    pub capture_overflow: bool,
}

/// What executes the byte code and holds what it captured.
///
/// Its inputs stand still outside of [`play`](Self::play).
pub trait Player {
    /// Waits until a block of `length` bytes (1 to
    /// [`MAX_BLOCK`](filbench_wire::MAX_BLOCK)) and its CRC-16 have come down the
    /// line, or come no more.
    fn check(&mut self, length: u16) -> BlockCheck;

    /// Executes the checked block to the end, into an empty capture buffer.
    fn play(&mut self) -> Outcome;

    /// Drops the checked block.
    fn drop_block(&mut self);

    /// Steps executed since the player's reset, as [`Outcome::steps`] said last.
    fn steps(&self) -> u32;

    /// Sends the capture buffer and its CRC-16 up the line. May be repeated until
    /// the next [`play`](Self::play).
    fn send_captured(&mut self);

    /// All inputs 0, settle time 1, slot 0, no steps.
    fn reset(&mut self);
}
