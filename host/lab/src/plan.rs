/// What is to be played, and how.
#[derive(Clone, Debug)]
pub struct PlayPlan<V> {
    /// The design that is played, among those in the bitstream.
    pub slot: u8,
    /// `play_clk` cycles from a step to its capture, at least 1.
    pub settle_cycles: u8,
    /// Bytes of one capture.
    pub capture_bytes: usize,
    /// The player's whole input bank after each step, and whether the response to it is
    /// captured. The bank is all zeros before the first.
    pub vectors: V,
}
