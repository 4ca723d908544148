//! Constrained random steps.

use super::plan::{Active, Plan};
use super::values::{Dice, Values};
use filbench_model::{Bits, ClockEdge};

/// Iterations of a segment, which a reset may begin: clock edges, or changes of data where
/// there is no clock.
const SEGMENTS: [usize; 4] = [16, 48, 96, 256];
/// Of the first one, for what needs many cycles without a reset.
const FIRST_SEGMENT: usize = 1024;
/// Iterations of one mood.
const MOODS: [usize; 3] = [16, 32, 64];
/// How often a bit is 1, in eighths.
const LIKELY: [u8; 7] = [1, 2, 4, 4, 4, 6, 7];
/// How often a register is enabled, in eighths.
const ENABLED: [u8; 4] = [8, 7, 7, 4];
/// How often a synchronous reset is active in a segment but the first, in eighths: a good deal
/// of what looks like one is data.
const RESETTING: [u8; 4] = [0, 0, 1, 3];
/// How often each port is given a new value when data changes, in eighths.
const ACTIVITY: [u8; 4] = [8, 8, 4, 1];
/// How fast clocks are against each other.
const SPEEDS: [usize; 4] = [1, 1, 2, 8];
/// How often data changes before an edge that clocks nothing, in eighths.
const OFF_EDGE: u8 = 2;

/// `steps` steps, or fewer where an interface allows no more.
pub(super) fn random(plan: &Plan, steps: usize, dice: &mut Dice) -> Vec<Bits> {
    let mut walk = Walk {
        mood: Mood::new(plan, dice),
        plan,
        dice,
        values: Values::default(),
        resetting: 0,
        held: Vec::new(),
        current: Bits::zeros(plan.input_bits),
        steps: Vec::new(),
        steps_max: steps,
    };
    walk.reset(&plan.async_resets, &plan.sync_resets);
    walk.segment(FIRST_SEGMENT);
    // Inputs may not allow any change at all.
    for _ in 0..steps {
        if walk.is_over() {
            break;
        }
        walk.next_segment();
    }
    if walk.steps.is_empty() {
        walk.steps.push(walk.current.clone());
    }
    walk.steps
}

/// What stays the same for a while.
struct Mood {
    activity: u8,
    enabled: u8,
    /// For each port: how likely it is 1, if it has one bit.
    likely: Vec<u8>,
    /// For each clock.
    speeds: Vec<usize>,
}

impl Mood {
    fn new(plan: &Plan, dice: &mut Dice) -> Self {
        let mut one = |of: &[u8]| dice.pick(of).unwrap_or(4);
        let (activity, enabled) = (one(&ACTIVITY), one(&ENABLED));
        let likely = plan.words.iter().map(|_| one(&LIKELY)).collect();
        let mut speed = || dice.pick(&SPEEDS).unwrap_or(1);
        let speeds = plan.clocks.iter().map(|_| speed()).collect();
        Self { activity, enabled, likely, speeds }
    }
}

struct Walk<'a> {
    plan: &'a Plan,
    dice: &'a mut Dice,
    values: Values,
    mood: Mood,
    /// How often a synchronous reset is active, in eighths.
    resetting: u8,
    /// Inputs that have to be active at present.
    held: Vec<Active>,
    current: Bits,
    steps: Vec<Bits>,
    steps_max: usize,
}

impl Walk<'_> {
    fn is_over(&self) -> bool {
        self.steps.len() >= self.steps_max
    }

    fn next_segment(&mut self) {
        self.resetting = self.dice.pick(&RESETTING).unwrap_or(0);
        match self.dice.below(4) {
            0 => self.some_reset(),
            1 | 2 => self.pulse(),
            _ => {}
        }
        let iterations = self.dice.pick(&SEGMENTS).unwrap_or(1);
        self.segment(iterations);
    }

    fn segment(&mut self, mut left: usize) {
        while left > 0 {
            self.mood = Mood::new(self.plan, self.dice);
            let iterations = self.dice.pick(&MOODS).unwrap_or(1).min(left);
            for _ in 0..iterations {
                self.iteration();
            }
            left -= iterations;
        }
    }

    fn iteration(&mut self) {
        let plan = self.plan;
        let total: usize = self.mood.speeds.iter().sum();
        let mut ticket = self.dice.below(total.max(1));
        let clock = plan.clocks.iter().zip(&self.mood.speeds).find(|(_, speed)| {
            let is_next = ticket < **speed;
            ticket = ticket.saturating_sub(**speed);
            is_next
        });
        match clock {
            Some((&(bit, edge), _)) => self.clock(bit, edge),
            None => self.data(),
        }
    }

    /// The next edge of a clock, with new data before it.
    fn clock(&mut self, bit: usize, edge: ClockEdge) {
        let is_rising = !self.current.get(bit);
        let is_active = match edge {
            ClockEdge::Rising => is_rising,
            ClockEdge::Falling => !is_rising,
            ClockEdge::Both => true,
        };
        if is_active || self.dice.comes(OFF_EDGE) {
            self.data();
        }
        self.event(bit, is_rising);
    }

    /// One reset, or all that there are.
    fn some_reset(&mut self) {
        let plan = self.plan;
        let (mut asynchronous, mut synchronous) =
            (plan.async_resets.clone(), plan.sync_resets.clone());
        if self.dice.comes(4) {
            let chosen = self.dice.below((asynchronous.len() + synchronous.len()).max(1));
            let is_chosen = |at: usize| at == chosen;
            synchronous = keep(&synchronous, |at| is_chosen(at + asynchronous.len()));
            asynchronous = keep(&asynchronous, is_chosen);
        }
        self.reset(&asynchronous, &synchronous);
    }

    /// An asynchronous reset goes active and back while no clock runs: one that waits for a
    /// clock misses it.
    fn pulse(&mut self) {
        if let Some(reset) = self.dice.pick(&self.plan.async_resets) {
            self.event(reset.bit, reset.high);
            self.event(reset.bit, !reset.high);
        }
    }

    /// Resets go active, every clock runs, the asynchronous ones are released, clocks run,
    /// the others are released.
    fn reset(&mut self, asynchronous: &[Active], synchronous: &[Active]) {
        self.held = synchronous.to_vec();
        self.data();
        for reset in asynchronous {
            self.event(reset.bit, reset.high);
        }
        self.periods(2);
        let mut released = self.plan.async_resets.clone();
        self.dice.shuffle(&mut released);
        for reset in released {
            self.data();
            self.event(reset.bit, !reset.high);
        }
        self.periods(1);
        self.held.clear();
        self.data();
    }

    /// Every clock goes through so many periods.
    fn periods(&mut self, count: usize) {
        let mut clocks = self.plan.clocks.clone();
        for _ in 0..count {
            self.dice.shuffle(&mut clocks);
            for &(bit, edge) in &clocks {
                self.clock(bit, edge);
                self.clock(bit, edge);
            }
        }
    }

    /// New data: one step for all that is no event, and one for each event input that is
    /// driven like data.
    fn data(&mut self) {
        let target = self.target();
        let data = self.plan.events.not();
        let next = self.current.and(&data.not()).or(&target.and(&data));
        if next != self.current {
            self.current = next;
            self.push();
        }
        let changed = self.current.xor(&target);
        let mut events: Vec<usize> =
            changed.ones_indices().filter(|&bit| self.plan.is_other_event(bit)).collect();
        self.dice.shuffle(&mut events);
        for bit in events {
            self.event(bit, target.get(bit));
        }
    }

    /// What the inputs are to be, clocks and asynchronous resets aside.
    fn target(&mut self) -> Bits {
        let plan = self.plan;
        let mut target = self.current.clone();
        for (&(lsb, width), &likely) in plan.words.iter().zip(&self.mood.likely) {
            let find = |list: &[Active]| list.iter().find(|active| active.bit == lsb).copied();
            if let (1, Some(held)) = (width, find(&self.held)) {
                target.set(lsb, held.high);
            } else if let (1, Some(reset)) = (width, find(&plan.sync_resets)) {
                target.set(lsb, self.dice.comes(self.resetting) == reset.high);
            } else if !self.dice.comes(self.mood.activity) {
                // As it is.
            } else if let (1, Some(enable)) = (width, find(&plan.enables)) {
                target.set(lsb, self.dice.comes(self.mood.enabled) == enable.high);
            } else if width == 1 {
                target.set(lsb, self.dice.comes(likely));
            } else {
                let value = self.values.next(&self.current.slice(lsb, width), self.dice);
                target.splice(lsb, &value);
            }
        }
        target
    }

    fn event(&mut self, bit: usize, value: bool) {
        if self.current.get(bit) != value {
            self.current.set(bit, value);
            self.push();
        }
    }

    fn push(&mut self) {
        if !self.is_over() {
            self.steps.push(self.current.clone());
        }
    }
}

fn keep(list: &[Active], is_kept: impl Fn(usize) -> bool) -> Vec<Active> {
    let numbered = list.iter().enumerate();
    numbered.filter(|(at, _)| is_kept(*at)).map(|(_, active)| *active).collect()
}
