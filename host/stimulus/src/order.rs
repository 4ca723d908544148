//! From a recording to primitive steps, in one of several orders.
//!
//! A bench changes several inputs at the same time; a board must not, where one of them
//! clocks something. The wakes of the stub tell much of the order:
//!
//! - A wake at an *active edge* (an edge that clocks the golden) saw what the golden's own
//!   process saw, since the same event woke both. So everything that had changed until then
//!   goes first, and the edge last.
//! - Another wake may see an active edge that its own process has not been woken for yet;
//!   the edge waits for that process.
//! - What is left open is the order of data and of *levels*, that is event inputs without an
//!   active edge (latch enables, asynchronous resets, gates of clocks), within one wake, and
//!   of several levels among each other.

use crate::Logic;
use crate::analysis::{ActiveEdge, Analysis};
use crate::recording::{Recording, TimeStep, Wake};
use filbench_model::Bits;

/// One way to tell apart what happened within one time step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    from_unknown: FromUnknown,
    grouping: Grouping,
    first: First,
    ascent: Ascent,
}

/// What an active edge from `x` to the level that the board's input has already is: to a
/// simulator `x` to 0 is a falling edge, and most benches have one when they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FromUnknown {
    /// None: the design did not care.
    Dropped,
    /// An edge, for which the input goes to the other level first. That one is active for
    /// nobody, or it would be another edge.
    Played,
}

/// What counts as happening at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grouping {
    /// What one process of the stub saw.
    Wakes,
    /// Whatever happened in one time step, as in a waveform file.
    TimeSteps,
}

/// What goes first of what happened at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Levels,
    Data,
}

/// Which of several levels goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ascent {
    PortOrder,
    Reverse,
}

impl Order {
    /// All of them, the most faithful first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let within = |from_unknown| {
            [Grouping::Wakes, Grouping::TimeSteps].into_iter().flat_map(move |grouping| {
                [First::Levels, First::Data].into_iter().flat_map(move |first| {
                    [Ascent::PortOrder, Ascent::Reverse].into_iter().map(move |ascent| Self {
                        from_unknown,
                        grouping,
                        first,
                        ascent,
                    })
                })
            })
        };
        [FromUnknown::Dropped, FromUnknown::Played].into_iter().flat_map(within)
    }
}

/// How many steps are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Changes of data between which the bench does not look are one step.
    Looks,
    /// Every wake that changes something has steps of its own, since its response is played
    /// back to the bench.
    Wakes,
}

/// Where a wake has led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The last step that stands for what had happened by then.
    pub(crate) step: usize,
    /// Whether an event input has changed since the wake before.
    pub(crate) event: bool,
}

/// Primitive steps, and where the bench looked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Sequence {
    /// Input vectors. An event input is never unknown, and changes alone.
    pub(crate) steps: Vec<Logic>,
    /// The golden's outputs in the recording where a time step ended, with the step that
    /// was the last one then. Ascending; no step twice.
    pub(crate) settled: Vec<(usize, Logic)>,
    /// For [`Detail::Wakes`]: where each wake of the recording led to.
    pub(crate) reached: Vec<Reached>,
    /// Whether nobody woke in the first time step: then one entry of `reached` goes ahead of
    /// the wakes, and stands for the start.
    pub(crate) from_start: bool,
}

/// Tells the time steps apart into primitive steps. `None` when there are more than
/// `steps_max`.
pub(crate) fn sequence(
    recording: &Recording,
    analysis: &Analysis,
    order: Order,
    detail: Detail,
    steps_max: usize,
) -> Option<Sequence> {
    let mut builder = Builder::new(analysis, order, detail);
    for time_step in recording.time_steps() {
        builder.time_step(&time_step, order);
        builder.settle(time_step.outputs);
        if builder.sequence.steps.len() > steps_max {
            return None;
        }
    }
    if detail == Detail::Wakes
        && let Some(cut_off) = recording.cut_off()
    {
        builder.time_step(&cut_off, order);
    }
    Some(builder.sequence)
}

/// Whether an active edge is played where it is seen, or where its own process wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ActiveEdges {
    Wait,
    Go,
}

struct Builder {
    active: Vec<ActiveEdge>,
    events: Bits,
    data: Bits,
    ascent: Ascent,
    /// Event inputs that were unknown when the last time step ended, and whose edges from
    /// there are played.
    from_unknown: Bits,
    current: Logic,
    sequence: Sequence,
    /// The last step changed data alone and nobody looked since: the next data goes
    /// into the same step.
    open: bool,
    detail: Detail,
    /// An event input has changed since the last wake.
    event: bool,
}

impl Builder {
    fn new(analysis: &Analysis, order: Order, detail: Detail) -> Self {
        let events = analysis.event_inputs.clone();
        let from_unknown = match order.from_unknown {
            FromUnknown::Dropped => Bits::zeros(events.len()),
            FromUnknown::Played => events.clone(),
        };
        Self {
            active: analysis.active_edges(),
            from_unknown,
            data: events.not(),
            current: Logic { value: Bits::zeros(events.len()), unknown: events.not() },
            events,
            ascent: order.ascent,
            sequence: Sequence::default(),
            open: false,
            detail,
            event: false,
        }
    }

    fn time_step(&mut self, time_step: &TimeStep, order: Order) {
        match order.grouping {
            Grouping::Wakes => time_step.wakes.iter().for_each(|w| self.wake(w, order.first)),
            Grouping::TimeSteps => self.merged(time_step, order.first),
        }
        // Nothing is left here but an edge to or from an unknown value.
        self.data(&time_step.inputs);
        self.events(&time_step.inputs, ActiveEdges::Go);
        self.left_over(time_step.wakes.is_empty());
        self.from_unknown = self.from_unknown.and(&time_step.inputs.unknown);
    }

    fn wake(&mut self, wake: &Wake, first: First) {
        match first {
            First::Levels => {
                self.events(&wake.inputs, ActiveEdges::Wait);
                self.data(&wake.inputs);
            }
            First::Data => {
                self.data(&wake.inputs);
                self.events(&wake.inputs, ActiveEdges::Wait);
            }
        }
        if let Some(edge) = wake.edge.and_then(|index| self.active.get(index).copied()) {
            self.leave_unknown(edge);
            self.event(edge.bit, edge.rising);
            // A pulse that was over before the process ran.
            if !wake.inputs.unknown.get(edge.bit) {
                self.event(edge.bit, wake.inputs.value.get(edge.bit));
            }
        }
        self.reached();
    }

    fn merged(&mut self, time_step: &TimeStep, first: First) {
        if first == First::Data {
            self.data(&time_step.inputs);
        }
        for wake in &time_step.wakes {
            self.events(&wake.inputs, ActiveEdges::Go);
            self.reached();
        }
        self.events(&time_step.inputs, ActiveEdges::Go);
        self.data(&time_step.inputs);
    }

    /// Takes an input to where `edge` can start, if it comes from `x` and would be none.
    fn leave_unknown(&mut self, edge: ActiveEdge) {
        let back = ActiveEdge { rising: !edge.rising, ..edge };
        if self.from_unknown.get(edge.bit) && !self.active.contains(&back) {
            self.from_unknown.set(edge.bit, false);
            if self.current.value.get(edge.bit) == edge.rising {
                self.event(edge.bit, !edge.rising);
            }
        }
    }

    /// Notes where a wake has led to.
    fn reached(&mut self) {
        if self.detail == Detail::Wakes {
            let step = self.last_step();
            self.sequence.reached.push(Reached { step, event: std::mem::take(&mut self.event) });
            self.open = false;
        }
    }

    /// What no wake has seen belongs to the last one of the time step, or to the start.
    fn left_over(&mut self, nobody_woke: bool) {
        if self.detail == Detail::Looks {
            return;
        }
        if !nobody_woke {
            let step = self.last_step();
            if let Some(last) = self.sequence.reached.last_mut() {
                last.step = step;
                last.event |= std::mem::take(&mut self.event);
            }
        } else if self.sequence.settled.is_empty() {
            self.sequence.from_start = true;
            self.reached();
        }
    }

    /// The index of the last step; where there is none yet, of one with the initial inputs.
    fn last_step(&mut self) -> usize {
        if self.sequence.steps.is_empty() {
            self.sequence.steps.push(self.current.clone());
        }
        self.sequence.steps.len() - 1
    }

    /// One step for each changed event input. One that is unknown keeps its value: a board
    /// has no edge to `x`.
    fn events(&mut self, target: &Logic, active_edges: ActiveEdges) {
        let changed = self.current.value.xor(&target.value).and(&self.events);
        if !changed.any() {
            return;
        }
        let known = changed.and(&target.unknown.not());
        let mut bits: Vec<usize> = known.ones_indices().collect();
        if self.ascent == Ascent::Reverse {
            bits.reverse();
        }
        for bit in bits {
            let rising = target.value.get(bit);
            let waits = active_edges == ActiveEdges::Wait
                && self.active.contains(&ActiveEdge { bit, rising });
            if !waits {
                self.event(bit, rising);
            }
        }
    }

    fn event(&mut self, bit: usize, value: bool) {
        if self.current.value.get(bit) != value {
            self.current.value.set(bit, value);
            self.sequence.steps.push(self.current.clone());
            self.open = false;
            self.event = true;
        }
    }

    fn data(&mut self, target: &Logic) {
        let changed = self.current.changed(target).and(&self.data);
        if !changed.any() {
            return;
        }
        for bit in changed.ones_indices() {
            self.current.copy_bit(bit, target);
        }
        if self.open {
            self.sequence.steps.pop();
        }
        self.sequence.steps.push(self.current.clone());
        self.open = true;
    }

    fn settle(&mut self, outputs: Logic) {
        // The response to the initial inputs is looked at, too.
        let last = self.last_step();
        match self.sequence.settled.last_mut() {
            // Nothing changed that the board could see; the later look counts.
            Some((step, seen)) if *step == last => *seen = outputs,
            _ => self.sequence.settled.push((last, outputs)),
        }
        self.open = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::{ClockEdge, Interface};

    fn texts(lines: &str, order: Order, events: u64, clocks: &[(usize, ClockEdge)]) -> String {
        let recording = Recording::new(lines.replace(';', "\n").into_bytes(), 3, 1).unwrap();
        let analysis = Analysis {
            interface: Interface::default(),
            event_inputs: Bits::from_u64(events, 3),
            clocks: clocks.to_vec(),
            controls: Vec::new(),
        };
        let sequence = sequence(&recording, &analysis, order, Detail::Looks, 100).unwrap();
        let mut text = Vec::new();
        for step in &sequence.steps {
            step.write(&mut text);
            text.push(b' ');
        }
        String::from_utf8(text).unwrap().trim_end().to_owned()
    }

    fn order(grouping: Grouping, first: First) -> Order {
        let (from_unknown, ascent) = (FromUnknown::Dropped, Ascent::PortOrder);
        Order { from_unknown, grouping, first, ascent }
    }

    /// Bit 0 is a clock; it rises, then data follows in the same time step.
    #[test]
    fn data_behind_an_edge_stays_behind_it() {
        let lines = "I;D 000;S 000 x;E0 001;D 111;S 111 0;";
        let clocks = [(0, ClockEdge::Rising)];
        for (grouping, first, expected) in [
            (Grouping::Wakes, First::Levels, "000 001 111"),
            (Grouping::Wakes, First::Data, "000 001 111"),
            (Grouping::TimeSteps, First::Levels, "000 001 111"),
            (Grouping::TimeSteps, First::Data, "000 110 111"),
        ] {
            assert_eq!(texts(lines, order(grouping, first), 1, &clocks), expected);
        }
    }

    /// Bit 2 is data, bit 1 an asynchronous reset that goes at the same time as the clock
    /// rises; the wake for the reset comes before that for the clock.
    #[test]
    fn an_edge_waits_for_its_own_wake() {
        let lines = "I;D 010;S 010 x;D 101;E0 101;S 101 1;";
        let clocks = [(0, ClockEdge::Rising)];
        let order = order(Grouping::Wakes, First::Levels);
        assert_eq!(texts(lines, order, 3, &clocks), "x10 010 000 100 101");
    }

    /// Bit 0 is a clock. Two changes of data in one time step are two steps, a wake that
    /// changes nothing stays where it is, and the time step that `$finish` cut off counts.
    #[test]
    fn each_wake_has_its_step() {
        let lines = "I;S 000 x;D 010;D 110;S 110 x;E0 111;D 111;S 111 1;E0 111;D 110;";
        let recording = Recording::new(lines.replace(';', "\n").into_bytes(), 3, 1).unwrap();
        let analysis = Analysis {
            interface: Interface::default(),
            event_inputs: Bits::from_u64(1, 3),
            clocks: vec![(0, ClockEdge::Both)],
            controls: Vec::new(),
        };
        let order = order(Grouping::Wakes, First::Levels);
        let sequence = sequence(&recording, &analysis, order, Detail::Wakes, 100).unwrap();
        let reached: Vec<_> = sequence.reached.iter().map(|r| (r.step, r.event)).collect();
        assert!(sequence.from_start);
        assert_eq!(
            reached,
            [(0, false), (1, false), (2, false), (3, true), (3, false), (3, false), (4, true)]
        );
    }

    /// Bit 0 is a clock that falls from `x` when the bench starts, and later for real.
    #[test]
    fn an_edge_from_unknown_is_played_where_it_is_asked_for() {
        let lines = "I;D x10;E0 010;S 010 x;D 011;S 011 0;E0 010;S 010 0;";
        let clocks = |edge| [(0, edge)];
        let dropped = order(Grouping::Wakes, First::Levels);
        let played = Order { from_unknown: FromUnknown::Played, ..dropped };
        let falling = clocks(ClockEdge::Falling);
        assert_eq!(texts(lines, dropped, 1, &falling), "010 011 010");
        assert_eq!(texts(lines, played, 1, &falling), "010 011 010 011 010");
        // The way back would be an edge of its own.
        let both = clocks(ClockEdge::Both);
        assert_eq!(texts(lines, played, 1, &both), texts(lines, dropped, 1, &both));
    }

    #[test]
    fn a_pulse_without_duration_is_played() {
        let lines = "I;D 000;S 000 x;E0 100;S 100 1;";
        let order = order(Grouping::Wakes, First::Levels);
        assert_eq!(texts(lines, order, 1, &[(0, ClockEdge::Rising)]), "000 100 101 100");
    }
}
