//! What is known of a golden's inputs, from its netlist and from its problem.

use crate::files::{Generated, Level};
use crate::{Analysis, RecordError};
use filbench_model::{Bits, ClockEdge, ControlRole};

/// A one-bit input that does something while it has its active level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) bit: usize,
    pub(super) high: bool,
}

/// How each input bit is to be driven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) input_bits: usize,
    /// Change alone.
    pub(super) events: Bits,
    pub(super) clocks: Vec<(usize, ClockEdge)>,
    /// Resets that are events.
    pub(super) async_resets: Vec<Active>,
    /// Resets that are data to a clock.
    pub(super) sync_resets: Vec<Active>,
    pub(super) enables: Vec<Active>,
    /// Ports: least significant bit and width.
    pub(super) words: Vec<(usize, usize)>,
}

impl Plan {
    /// From the netlist, but for the inputs of which the problem says something itself.
    pub(super) fn new(
        problem: &str,
        generated: &Generated,
        analysis: &Analysis,
    ) -> Result<Self, RecordError> {
        let interface = &analysis.interface;
        let words: Vec<(usize, usize)> =
            interface.inputs().map(|(port, lsb)| (lsb, port.width)).collect();
        let declared = Declarations { problem, analysis };
        let mut clocks = Vec::new();
        for (name, edge) in &generated.clocks {
            let bit = declared.bit(name)?;
            if !analysis.event_inputs.get(bit) {
                return Err(declared.error(format!("`{name}` clocks nothing in the netlist")));
            }
            clocks.push((bit, *edge));
        }
        let mut resets = declared.actives(&generated.resets)?;
        let mut enables = declared.actives(&generated.enables)?;
        let said: Vec<usize> = clocks
            .iter()
            .map(|(bit, _)| *bit)
            .chain(resets.iter().chain(&enables).map(|active| active.bit))
            .collect();
        clocks.extend(analysis.clocks.iter().filter(|(bit, _)| !said.contains(bit)));
        // In a wider port it is a matter of the port's value: a command's bit, say.
        let is_alone = |bit: usize| words.contains(&(bit, 1));
        let is_clock = |bit: usize| clocks.iter().any(|(clock, _)| *clock == bit);
        for control in &analysis.controls {
            let bit = control.input_bit;
            if said.contains(&bit) || is_clock(bit) || !is_alone(bit) {
                continue;
            }
            let active = Active { bit, high: control.active_high };
            match control.role {
                ControlRole::AsyncReset | ControlRole::SyncReset => resets.push(active),
                ControlRole::Enable => enables.push(active),
            }
        }
        let events = &analysis.event_inputs;
        let (async_resets, sync_resets) =
            resets.into_iter().partition(|reset| events.get(reset.bit));
        Ok(Self {
            input_bits: interface.input_bits(),
            events: events.clone(),
            clocks,
            async_resets,
            sync_resets,
            enables,
            words,
        })
    }

    /// Whether no input is an event: outputs follow inputs, and nothing else.
    pub(super) fn is_combinational(&self) -> bool {
        !self.events.any()
    }

    /// Whether an event input is driven like any data, only alone.
    pub(super) fn is_other_event(&self, bit: usize) -> bool {
        self.events.get(bit)
            && !self.clocks.iter().any(|(clock, _)| *clock == bit)
            && !self.async_resets.iter().any(|reset| reset.bit == bit)
    }
}

struct Declarations<'a> {
    problem: &'a str,
    analysis: &'a Analysis,
}

impl Declarations<'_> {
    fn actives<'n>(
        &self,
        levels: impl IntoIterator<Item = (&'n String, &'n Level)>,
    ) -> Result<Vec<Active>, RecordError> {
        let active = |(name, level): (&String, &Level)| {
            Ok(Active { bit: self.bit(name)?, high: *level == Level::High })
        };
        levels.into_iter().map(active).collect()
    }

    /// The input of one bit with this name.
    fn bit(&self, name: &str) -> Result<usize, RecordError> {
        let mut inputs = self.analysis.interface.inputs();
        match inputs.find(|(port, _)| port.name == name) {
            Some((port, lsb)) if port.width == 1 => Ok(lsb),
            Some((port, _)) => Err(self.error(format!(
                "`{name}` has {} bits; a clock, reset or enable has one",
                port.width
            ))),
            None => {
                let inputs = self.analysis.interface.inputs();
                let names: Vec<&str> = inputs.map(|(port, _)| port.name.as_str()).collect();
                let names = names.join(", ");
                Err(self.error(format!("`{name}` is no input of the golden; they are {names}")))
            }
        }
    }

    fn error(&self, message: String) -> RecordError {
        RecordError::Declared {
            problem: self.problem.to_owned(),
            message: format!("stimulus.generated: {message}"),
        }
    }
}
