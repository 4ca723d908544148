//! A session with the firmware, recorded once and played to every simulator
//! cycle for cycle.

use anyhow::{Result, bail};
use filbench_vboard::VirtualBoard;
use filbench_wire::program::{Block, Encoder, Response};
use filbench_wire::{Crc16, FrameDecoder, MAX_BLOCK, MAX_MESSAGE, RING_MARGIN, Reply, Request};

/// Cycles between two looks at the board's answer; so many at most pass unused
/// before the next request.
const LOOK_CYCLES: u64 = 64;
/// An answer that takes longer will not come.
const PATIENCE_CYCLES: u64 = 2_000_000;
/// As the host's session: zeros before the first frame.
const PREAMBLE: [u8; 12] = [0; 12];
/// Start bit, data, stop bit.
const FRAME_BITS: u64 = 10;

/// What is sent to a board and when, and what it answers.
pub struct Stimulus {
    /// Bytes, and the cycle at which they are queued.
    pub sends: Vec<(u64, Vec<u8>)>,
    /// Cycles in all.
    pub cycles: u64,
    /// Bytes that the board sends.
    pub answer: Vec<u8>,
    /// Cycles after the first played block, and the bytes answered by then.
    pub short: (u64, usize),
    /// Steps played.
    pub steps: usize,
    divider: u64,
}

/// Sizes that a board's `Hello` states.
struct Sizes {
    credit: usize,
    captures: usize,
    input_bytes: usize,
    output_bytes: usize,
}

impl Stimulus {
    /// Says hello to the board and plays `blocks` blocks of random steps to a
    /// design whose input bit 0 is a clock, bit 1 an asynchronous reset, and
    /// whose other inputs are data.
    pub fn record(
        board: &mut VirtualBoard,
        divider: u32,
        settle_cycles: u8,
        blocks: u16,
    ) -> Result<Self> {
        let mut this = Self {
            sends: Vec::new(),
            cycles: 0,
            answer: Vec::new(),
            short: (0, 0),
            steps: 0,
            divider: divider.into(),
        };
        let mut request = PREAMBLE.to_vec();
        request.extend(Request::Hello.frame(1).finish());
        let Reply::Hello(hello) = this.ask(board, request)? else {
            bail!("the board does not answer Hello with Hello");
        };
        let mut sizes = Sizes {
            credit: hello.credit().into(),
            captures: hello.capture_capacity().into(),
            input_bytes: hello.input_bytes().into(),
            output_bytes: hello.output_bytes().into(),
        };
        let mut vectors = Vectors::new(sizes.input_bytes);
        let mut encoder = Encoder::new();
        let mut pending = None;
        for number in 1..=blocks {
            let mut buffer = vec![0; sizes.credit.saturating_sub(RING_MARGIN).min(MAX_BLOCK)];
            let mut block = Block::new(&mut buffer, sizes.captures);
            if number == 1 {
                let fits = encoder.configure(settle_cycles, sizes.output_bytes, &mut block);
                fits.map_err(|_| anyhow::anyhow!("the first block has no room for its settings"))?;
            }
            loop {
                let (inputs, response) = pending.take().unwrap_or_else(|| vectors.next());
                if encoder.step(&inputs, response, &mut block).is_err() {
                    pending = Some((inputs, response));
                    break;
                }
            }
            let first_step = u32::try_from(this.steps)?;
            this.steps += block.steps();
            let program = block.program();
            let length = u16::try_from(program.len())?;
            let tag = (number % 250) as u8 + 2;
            let play = Request::Play { block: number, length, first_step };
            let mut request = play.frame(tag).finish().to_vec();
            request.extend(program);
            request.extend(Crc16::of(program).to_bytes());
            match this.ask(board, request)? {
                Reply::Played(played) if usize::from(played.captured) == block.captured() => {
                    sizes.credit = played.credit.into();
                }
                reply => bail!("the board answers block {number} with {reply:?}"),
            }
            if number == 1 {
                this.short = (board.cycles(), this.answer.len());
            }
        }
        this.cycles = board.cycles();
        Ok(this)
    }

    /// Sends a request and runs the board until the answer is whole.
    fn ask(&mut self, board: &mut VirtualBoard, request: Vec<u8>) -> Result<Reply> {
        let end = board.cycles() + PATIENCE_CYCLES;
        board.send(&request);
        self.sends.push((board.cycles(), request));
        let mut decoder = FrameDecoder::<{ MAX_MESSAGE + 2 }>::new();
        let mut reply = None;
        let mut missing = 0;
        while board.cycles() < end {
            board.run(LOOK_CYCLES)?;
            for byte in board.take_received() {
                self.answer.push(byte);
                if reply.is_some() {
                    missing -= 1;
                } else if let Some(Ok(message)) = decoder.push(byte) {
                    let Ok((_, decoded)) = Reply::decode(message) else {
                        bail!("the board answers with a message that nobody knows");
                    };
                    if let Reply::Played(played) = &decoded {
                        missing = usize::from(played.captured) + 2;
                    }
                    reply = Some(decoded);
                }
            }
            if missing == 0
                && let Some(reply) = reply.take()
            {
                return Ok(reply);
            }
        }
        bail!("no answer in {PATIENCE_CYCLES} cycles");
    }

    /// The cycles before which the board's receive pin toggles, from level 1 on.
    pub fn line(&self) -> Vec<u64> {
        let mut toggles = Vec::new();
        let mut level = true;
        let mut free = 0;
        for (queued, bytes) in &self.sends {
            for &byte in bytes {
                let start = free.max(*queued);
                let bits = u16::from(byte) << 1 | 1 << 9;
                for bit in 0..FRAME_BITS {
                    let next = bits >> bit & 1 != 0;
                    if next != level {
                        toggles.push(start + bit * self.divider);
                        level = next;
                    }
                }
                free = start + FRAME_BITS * self.divider;
            }
        }
        toggles
    }

    /// The bytes behind the cycles after which the transmit pin toggled, from
    /// level 1 on; a bad stop bit ends them.
    pub fn decode(&self, toggles: &[u64]) -> Vec<u8> {
        let level = |cycle: u64| toggles.partition_point(|&toggle| toggle <= cycle) % 2 == 0;
        let mut bytes = Vec::new();
        let mut now = 0;
        while let Some(&start) = toggles.get(toggles.partition_point(|&toggle| toggle < now)) {
            let middle = |bit: u64| start + bit * self.divider + self.divider / 2;
            let bits =
                (0..FRAME_BITS).fold(0u16, |n, bit| n | u16::from(level(middle(bit))) << bit);
            if bits & 1 != 0 || bits >> 9 == 0 {
                break;
            }
            bytes.push((bits >> 1) as u8);
            now = middle(9);
        }
        bytes
    }
}

/// Random steps that keep the rule: what changes an event changes nothing else.
struct Vectors {
    inputs: Vec<u8>,
    random: u32,
    phase: u32,
}

impl Vectors {
    fn new(input_bytes: usize) -> Self {
        Self { inputs: vec![0; input_bytes], random: 0x2026_1124, phase: 0 }
    }

    fn random(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }

    /// Data, rising clock, falling clock, and now and then a reset.
    fn next(&mut self) -> (Vec<u8>, Response) {
        self.phase += 1;
        let response = match self.phase % 3 {
            1 => {
                if self.phase % 97 == 1 || self.inputs[0] & 2 != 0 {
                    self.inputs[0] ^= 2;
                } else {
                    for byte in 0..self.inputs.len() {
                        let events = if byte == 0 { 3 } else { 0 };
                        let random = self.random() as u8;
                        self.inputs[byte] = self.inputs[byte] & events | random & !events;
                    }
                }
                Response::Ignored
            }
            _ => {
                self.inputs[0] ^= 1;
                Response::Captured
            }
        };
        (self.inputs.clone(), response)
    }
}

#[cfg(test)]
mod tests {
    use super::Stimulus;

    #[test]
    fn a_line_decodes_to_what_was_sent() {
        let bytes: Vec<u8> = (0..=255).collect();
        let sends = vec![(0, bytes[..100].to_vec()), (50_000, bytes[100..].to_vec())];
        for divider in [4, 5, 104] {
            let stimulus = Stimulus {
                sends: sends.clone(),
                cycles: 0,
                answer: Vec::new(),
                short: (0, 0),
                steps: 0,
                divider,
            };
            assert_eq!(stimulus.decode(&stimulus.line()), bytes, "divider {divider}");
        }
    }
}
