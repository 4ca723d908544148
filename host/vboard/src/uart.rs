//! The other end of a serial line, counted in clock cycles: 8 data bits, no
//! parity, one stop bit, least significant bit first.

use std::collections::VecDeque;

/// Sends bytes into the board's receive pin and reads its transmit pin.
#[derive(Debug)]
pub(crate) struct Uart {
    divider: u64,
    sender: Sender,
    receiver: Receiver,
}

#[derive(Debug)]
struct Sender {
    queue: VecDeque<u8>,
    /// The frame under way: its bits (start bit first, ones after the stop
    /// bit) and when it began.
    frame: Option<(u16, u64)>,
}

#[derive(Debug, Default)]
struct Receiver {
    /// When the start bit began, bits read so far, and how many.
    frame: Option<(u64, u16, u32)>,
    bytes: Vec<u8>,
    framing_errors: u64,
}

/// Start bit, data, stop bit.
const FRAME_BITS: u64 = 10;

impl Uart {
    pub fn new(divider: u32) -> Uart {
        Uart {
            divider: u64::from(divider),
            sender: Sender { queue: VecDeque::new(), frame: None },
            receiver: Receiver::default(),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.sender.queue.extend(bytes);
    }

    pub fn take_received(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.receiver.bytes)
    }

    /// Frames whose stop bit was 0.
    pub fn framing_errors(&self) -> u64 {
        self.receiver.framing_errors
    }

    /// Bytes that have not been sent completely.
    pub fn unsent(&self) -> usize {
        self.sender.queue.len() + usize::from(self.sender.frame.is_some())
    }

    /// Whether neither direction is inside a frame.
    pub fn is_idle(&self) -> bool {
        self.unsent() == 0 && self.receiver.frame.is_none()
    }

    /// Level of the board's receive pin from cycle `now` on.
    pub fn line(&mut self, now: u64) -> bool {
        if let Some((_, start)) = self.sender.frame
            && now >= start + FRAME_BITS * self.divider
        {
            self.sender.frame = None;
        }
        if self.sender.frame.is_none()
            && let Some(byte) = self.sender.queue.pop_front()
        {
            self.sender.frame = Some((u16::from(byte) << 1 | 1 << 9, now));
        }
        match self.sender.frame {
            Some((bits, start)) => bits >> ((now - start) / self.divider).min(9) & 1 != 0,
            None => true,
        }
    }

    /// Takes the level of the board's transmit pin after `now` cycles.
    pub fn observe(&mut self, now: u64, level: bool) {
        let receiver = &mut self.receiver;
        match &mut receiver.frame {
            None if !level => receiver.frame = Some((now, 0, 0)),
            None => {}
            Some((start, bits, count)) => {
                // Each bit is read in its middle, the start bit being bit 0.
                let middle = *start + u64::from(*count) * self.divider + self.divider / 2;
                if now < middle {
                    return;
                }
                *bits |= u16::from(level) << *count;
                *count += 1;
                if u64::from(*count) == FRAME_BITS {
                    let bits = *bits;
                    receiver.frame = None;
                    if bits >> 9 & 1 != 0 {
                        receiver.bytes.push((bits >> 1) as u8);
                    } else {
                        receiver.framing_errors += 1;
                    }
                }
            }
        }
    }

    /// The next cycle after `now` at which the line changes or a bit is read.
    pub fn next_event(&self, now: u64) -> Option<u64> {
        let sender = self
            .sender
            .frame
            .map(|(_, start)| start + ((now - start) / self.divider + 1) * self.divider);
        let receiver = self
            .receiver
            .frame
            .map(|(start, _, count)| start + u64::from(count) * self.divider + self.divider / 2);
        sender.into_iter().chain(receiver).min()
    }
}

#[cfg(test)]
mod tests {
    use super::Uart;

    fn loop_back(divider: u32, bytes: &[u8]) -> Vec<u8> {
        let mut uart = Uart::new(divider);
        uart.send(bytes);
        let mut now = 0;
        while !uart.is_idle() {
            let level = uart.line(now);
            now += 1;
            uart.observe(now, level);
        }
        uart.take_received()
    }

    #[test]
    fn what_is_sent_arrives() {
        let bytes: Vec<u8> = (0..=255).collect();
        for divider in [2, 4, 5, 104] {
            assert_eq!(loop_back(divider, &bytes), bytes, "divider {divider}");
        }
    }

    #[test]
    fn only_events_need_looking_at() {
        let mut uart = Uart::new(7);
        uart.send(b"hello");
        let mut now = 0;
        let mut looks = 0;
        let mut last = true;
        while !uart.is_idle() {
            let level = uart.line(now);
            // A board stops after a cycle in which the line has changed.
            let next = uart.next_event(now).filter(|_| level == last);
            now = next.unwrap_or(now + 1).max(now + 1);
            last = level;
            uart.observe(now, level);
            looks += 1;
            assert!(looks < 1000);
        }
        assert_eq!(uart.take_received(), b"hello");
    }
}
