use super::*;
use crate::files::Level;
use filbench_model::{ClockEdge, Control, ControlRole, Direction, Interface, Port};
use proptest::prelude::*;

/// Ports of these widths; `events` are bits.
fn analysis(widths: &[usize], events: &[usize]) -> Analysis {
    let port = |(index, &width): (usize, &usize)| Port {
        name: format!("p{index}"),
        direction: Direction::Input,
        width,
    };
    let mut event_inputs = Bits::zeros(widths.iter().sum());
    events.iter().for_each(|&bit| event_inputs.set(bit, true));
    Analysis {
        interface: Interface { ports: widths.iter().enumerate().map(port).collect() },
        event_inputs,
        clocks: Vec::new(),
        controls: Vec::new(),
    }
}

/// A counter's: clock, asynchronous reset at 0, enable, word.
fn counter(edge: ClockEdge) -> Analysis {
    let control = |input_bit, role, active_high| Control { input_bit, role, active_high };
    Analysis {
        clocks: vec![(0, edge)],
        controls: vec![
            control(1, ControlRole::AsyncReset, false),
            control(2, ControlRole::Enable, true),
        ],
        ..analysis(&[1, 1, 1, 8], &[0, 1])
    }
}

fn vectors(analysis: &Analysis, generated: &Generated) -> Vec<Bits> {
    let plan = Plan::new("p", generated, analysis).unwrap();
    make(&plan, generated, 100_000).vectors
}

fn steps(analysis: &Analysis, vectors: &[Bits]) -> Problem {
    Problem {
        name: "p".into(),
        top: "p".into(),
        interface: analysis.interface.clone(),
        event_inputs: analysis.event_inputs.clone(),
        source: StimulusSource::Generated { seed: 1, exhaustive: false },
        comparison: Comparison::EveryStep,
        steps: vectors
            .iter()
            .map(|inputs| Step {
                inputs: inputs.clone(),
                unknown: Bits::zeros(inputs.len()),
                expected: Bits::zeros(0),
                care: Bits::zeros(0),
            })
            .collect(),
        playback: None,
        source_sha256: String::new(),
    }
}

/// How often `bit` goes to `value`, and in how many steps it is 1.
fn edges(vectors: &[Bits], bit: usize, value: bool) -> usize {
    vectors.windows(2).filter(|w| w[0].get(bit) != value && w[1].get(bit) == value).count()
}

fn ones(vectors: &[Bits], bit: usize) -> usize {
    vectors.iter().filter(|v| v.get(bit)).count()
}

#[test]
fn few_inputs_get_every_combination() {
    for bits in [0, 1, 5, 12] {
        let analysis = analysis(&[bits], &[]);
        let vectors = vectors(&analysis, &Generated::default());
        let mut rows: Vec<u64> =
            vectors.iter().map(|v| v.words().first().copied().unwrap_or(0)).collect();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows, (0..1 << bits).collect::<Vec<u64>>());
        // A second pass comes in another order.
        assert!(bits != 5 || vectors.len() > 4 * 30 && vectors[..32] != vectors[32..64]);
    }
    assert_eq!(vectors(&analysis(&[13], &[]), &Generated::default()).len(), DEFAULT_STEPS);
    let fewer = Generated { steps: Some(100), ..Generated::default() };
    assert_eq!(vectors(&analysis(&[12], &[]), &fewer).len(), 100);
}

#[test]
fn a_counter_is_reset_and_then_left_to_count() {
    let analysis = counter(ClockEdge::Rising);
    let vectors = vectors(&analysis, &Generated::default());
    assert_eq!(vectors.len(), DEFAULT_STEPS);
    assert_eq!(steps(&analysis, &vectors).check(), Ok(()));
    let released = vectors.iter().position(|v| v.get(1)).unwrap();
    assert!(edges(&vectors[..released], 0, false) >= 2, "no clock edge under reset");
    let cycles = edges(&vectors, 0, true);
    let resets = edges(&vectors, 1, false);
    assert!(cycles > 1000 && (5..cycles / 20).contains(&resets), "{cycles} {resets}");
    // An 8-bit counter goes around: so many enabled cycles without a reset.
    let mut longest = 0;
    let mut run = 0;
    for w in vectors.windows(2) {
        if !w[1].get(1) {
            run = 0;
        } else if !w[0].get(0) && w[1].get(0) && w[1].get(2) {
            run += 1;
        }
        longest = longest.max(run);
    }
    assert!(longest > 256, "{longest}");
    assert!(ones(&vectors, 2) > vectors.len() / 2);
    // Words: 0, all ones, and one that comes back.
    let words: Vec<u64> = vectors.iter().map(|v| v.slice(3, 8).words()[0]).collect();
    assert!(words.contains(&0) && words.contains(&255));
}

#[test]
fn data_is_new_before_the_edge_that_counts() {
    for (edge, counts) in [(ClockEdge::Rising, true), (ClockEdge::Falling, false)] {
        let vectors = vectors(&counter(edge), &Generated::default());
        let new_before = |value| {
            let new = |w: &&[Bits]| {
                w[0].slice(3, 8) != w[1].slice(3, 8) && w[1].get(0) != value && w[2].get(0) == value
            };
            vectors.windows(3).filter(new).count()
        };
        assert!(new_before(counts) > 2 * new_before(!counts), "{edge:?}");
        assert!(new_before(!counts) > 10, "{edge:?}");
    }
}

#[test]
fn clocks_run_independently() {
    let clocked = Analysis {
        clocks: vec![(0, ClockEdge::Rising), (1, ClockEdge::Falling)],
        ..analysis(&[1, 1, 4], &[0, 1])
    };
    let vectors = vectors(&clocked, &Generated::default());
    for (clock, other) in [(0, 1), (1, 0)] {
        for value in [false, true] {
            for level in [false, true] {
                let met = vectors.windows(2).any(|w| {
                    w[0].get(clock) != value && w[1].get(clock) == value && w[1].get(other) == level
                });
                assert!(met, "clock {clock} never goes to {value} while the other is {level}");
            }
        }
    }
}

#[test]
fn a_problem_may_know_better() {
    // What is gated looks like two events, of which none is a clock.
    let gated = analysis(&[1, 1, 4], &[0, 1]);
    let say = |text: &str| toml::from_str::<Generated>(text).unwrap();
    let said =
        say("seed = 3\nsteps = 600\nclocks = { p0 = \"falling\" }\nresets = { p1 = \"low\" }");
    let vectors = vectors(&gated, &said);
    assert_eq!(vectors.len(), 600);
    assert!(edges(&vectors, 0, true) > 100 && ones(&vectors, 1) > 500);
    assert_eq!(said.resets["p1"], Level::Low);
    for (text, message) in [
        ("clocks = { p2 = \"rising\" }", "`p2` has 4 bits"),
        ("enables = { q = \"high\" }", "`q` is no input of the golden; they are p0, p1, p2"),
    ] {
        let error = Plan::new("p", &say(text), &gated).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let combinational = analysis(&[1], &[]);
    let error = Plan::new("p", &say("clocks = { p0 = \"rising\" }"), &combinational);
    assert!(error.unwrap_err().to_string().contains("`p0` clocks nothing"));
}

#[test]
fn the_seed_decides() {
    let analysis = counter(ClockEdge::Both);
    let of = |seed| vectors(&analysis, &Generated { seed, ..Generated::default() });
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
}

proptest! {
    #[test]
    fn events_change_alone_whatever_the_inputs_are(
        widths in proptest::collection::vec(1usize..70, 1..6),
        picks in proptest::collection::vec((0usize..300, 0u8..4), 0..6),
        seed in 0u64..1000,
    ) {
        let total: usize = widths.iter().sum();
        let events: Vec<usize> = picks.iter().map(|(bit, _)| bit % total).collect();
        let mut analysis = analysis(&widths, &events);
        for (bit, what) in picks {
            let (input_bit, role) = (bit % total, ControlRole::AsyncReset);
            match what {
                0 => analysis.clocks.push((input_bit, ClockEdge::Rising)),
                1 => analysis.controls.push(Control { input_bit, role, active_high: true }),
                _ => {}
            }
        }
        analysis.clocks.dedup();
        let generated = Generated { seed, steps: Some(400), ..Generated::default() };
        let vectors = vectors(&analysis, &generated);
        prop_assert!((1..=400).contains(&vectors.len()) || total <= 12);
        prop_assert_eq!(steps(&analysis, &vectors).check(), Ok(()));
        prop_assert!(vectors.windows(2).all(|w| w[0] != w[1]), "a step without a change");
    }
}
