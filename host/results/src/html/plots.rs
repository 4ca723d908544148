//! The report's plots, drawn as SVG.

use crate::compare::FMAX_NOISE;
use crate::text::shortened;
use crate::{Outcomes, ProblemClass, Record, SuiteResults, Summary, design_fmax};
use filbench_model::Outcome;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Width of every plot.
const WIDTH: f64 = 440.0;
const LABEL: f64 = 128.0;
const BAR: f64 = 26.0;

/// The fills of the outcomes, told apart without colours; used by the other
/// pictures through their ids.
pub fn patterns() -> Markup {
    html! {
        svg.patterns aria-hidden="true" { defs {
            pattern #fill-fail width="6" height="6" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
            {
                rect width="6" height="6" style="fill:var(--fail);fill-opacity:.28" {}
                rect width="3" height="6" style="fill:var(--fail)" {}
            }
            pattern #fill-inconclusive width="6" height="6" patternUnits="userSpaceOnUse" {
                rect width="6" height="6" style="fill:var(--inconclusive);fill-opacity:.2" {}
                circle cx="3" cy="3" r="1.7" style="fill:var(--inconclusive)" {}
            }
            pattern #fill-fault width="7" height="7" patternUnits="userSpaceOnUse" {
                rect width="7" height="7" style="fill:var(--fault);fill-opacity:.15" {}
                path d="M0 0L7 7M7 0L0 7" style="stroke:var(--fault);stroke-width:1.5" {}
            }
            pattern #hatch-x width="5" height="5" patternUnits="userSpaceOnUse"
                patternTransform="rotate(45)"
            { rect width="1.5" height="5" style="fill:var(--soft)" {} }
        } }
    }
}

fn fill(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "fill:var(--pass)",
        Outcome::Fail => "fill:url(#fill-fail);stroke:var(--fail)",
        Outcome::Inconclusive => "fill:url(#fill-inconclusive);stroke:var(--inconclusive)",
        Outcome::Fault => "fill:url(#fill-fault);stroke:var(--fault)",
    }
}

fn legend() -> Markup {
    html! { div.legend { @for (outcome, _) in Outcomes::default().each() {
        span {
            svg viewBox="0 0 16 12" { rect x="1" y="1" width="14" height="10" style=(fill(outcome)) {} }
            (outcome)
        }
    } } }
}

/// Verdicts by the problem's class.
pub fn classes(summary: &Summary) -> Markup {
    let classes: Vec<(ProblemClass, Outcomes)> = ProblemClass::ALL
        .into_iter()
        .filter_map(|class| Some((class, *summary.classes.get(&class)?)))
        .collect();
    let room = WIDTH - LABEL - 86.0;
    let height = BAR * classes.len() as f64 + 6.0;
    html! { figure {
        figcaption { "Verdicts by class of problem" small { "share of evaluations; passes of judged" } }
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label="verdicts by class" {
            @for (index, (class, outcomes)) in classes.iter().enumerate() {
                @let y = index as f64 * BAR;
                text x=(LABEL - 8.0) y=(y + 17.0) text-anchor="end" { (class) }
                @for (outcome, from, share) in shares(outcomes) {
                    @if share > 0.0 {
                        rect x=(px(LABEL + from * room)) y=(y + 4.0) width=(px(share * room))
                            height=(BAR - 8.0) style=(fill(outcome)) {}
                    }
                }
                text.t-soft x=(LABEL + room + 8.0) y=(y + 17.0) {
                    (outcomes.pass) "/" (outcomes.pass + outcomes.fail)
                }
            }
        }
        (legend())
    } }
}

/// Each outcome with the share before it and its own.
fn shares(outcomes: &Outcomes) -> Vec<(Outcome, f64, f64)> {
    let total = outcomes.total().max(1) as f64;
    let mut before = 0.0;
    outcomes
        .each()
        .into_iter()
        .map(|(outcome, count)| {
            let share = count as f64 / total;
            let at = before;
            before += share;
            (outcome, at, share)
        })
        .collect()
}

/// What did not pass, by stage, reason or place.
pub fn stages(summary: &Summary) -> Markup {
    let lists = [
        (Outcome::Fail, &summary.fail_stages),
        (Outcome::Inconclusive, &summary.inconclusive_reasons),
        (Outcome::Fault, &summary.fault_places),
    ];
    let mut bars: Vec<(Outcome, &str, u64)> = Vec::new();
    for (outcome, stages) in lists {
        let mut list: Vec<_> =
            stages.iter().map(|(stage, count)| (outcome, stage.as_str(), *count)).collect();
        list.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
        bars.extend(list);
    }
    let most = bars.iter().map(|(.., count)| *count).max().unwrap_or(1) as f64;
    let label = LABEL + 20.0;
    let room = WIDTH - label - 60.0;
    let height = BAR * bars.len().max(1) as f64 + 6.0;
    html! { figure {
        figcaption { "What did not pass, by stage" small { "evaluations" } }
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-label="failures by stage" {
            @if bars.is_empty() { text x="8" y="18" { "Everything passes." } }
            @for (index, (outcome, stage, count)) in bars.iter().enumerate() {
                @let y = index as f64 * BAR;
                @let long = px((*count as f64 / most * room).max(2.0));
                text x=(label - 8.0) y=(y + 17.0) text-anchor="end" { (shortened(stage, 24)) }
                rect x=(label) y=(y + 4.0) width=(long) height=(BAR - 8.0) style=(fill(*outcome)) {}
                text x=(px(label + *count as f64 / most * room + 8.0)) y=(y + 17.0) { (count) }
            }
        }
        (legend())
    } }
}

/// Look-up tables against the golden's.
pub fn resources(results: &SuiteResults) -> Markup {
    let points = points(results, |record| {
        let golden = record.golden.as_ref()?.resources.as_ref()?;
        let own = record.report.resources.as_ref()?;
        Some((f64::from(golden.lut4), f64::from(own.lut4)))
    });
    html! { figure {
        figcaption {
            "LUT4s against the golden"
            small { "below the line is smaller; the dashed line is TuRTLe's cap of 2" }
        }
        (scatter(&points, "LUT4s", Guide::Cap))
    } }
}

/// Predicted frequency against the golden's.
pub fn fmax(results: &SuiteResults) -> Markup {
    let points = points(results, |record| {
        let golden = design_fmax(&record.golden.as_ref()?.timing)?;
        Some((golden, design_fmax(&record.report.timing)?))
    });
    html! { figure {
        figcaption {
            "Predicted fmax against the golden, MHz"
            small { "above the line is faster; in the band the seed makes the difference (±9 %)" }
        }
        (scatter(&points, "MHz", Guide::Noise))
    } }
}

type Points = Vec<(f64, f64, Outcome)>;

fn points(results: &SuiteResults, of: impl Fn(&Record) -> Option<(f64, f64)>) -> Points {
    results
        .counted()
        .filter_map(|record| {
            let (golden, own) = of(record)?;
            Some((golden, own, record.report.verdict.outcome))
        })
        .collect()
}

/// Where points fall on one another: x, y, their outcome and how many.
type Spot = (f64, f64, Outcome, u64);

enum Guide {
    Cap,
    Noise,
}

/// Golden (right) against candidate (up), logarithmic. Points that fall on
/// one another are one, larger.
fn scatter(points: &Points, unit: &str, guide: Guide) -> Markup {
    if points.is_empty() {
        return html! { p.soft { "No evaluation has both figures." } };
    }
    // 0 has no logarithm; it stands below 1.
    let lg = |value: f64| value.max(0.5).log10();
    let all = || points.iter().flat_map(|(golden, own, _)| [lg(*golden), lg(*own)]);
    let low = all().fold(f64::INFINITY, f64::min) - 0.12;
    let high = all().fold(f64::NEG_INFINITY, f64::max).max(low + 0.6) + 0.12;
    let (left, top, size) = (56.0, 8.0, 300.0);
    let x = |value: f64| left + (value - low) / (high - low) * size;
    let y = |value: f64| top + size - (value - low) / (high - low) * size;
    let mut spots: BTreeMap<(i64, i64, u8), Spot> = BTreeMap::new();
    for (golden, own, outcome) in points {
        let (px, py) = (x(lg(*golden)), y(lg(*own)));
        let key = ((px / 5.0) as i64, (py / 5.0) as i64, *outcome as u8);
        spots.entry(key).or_insert((px, py, *outcome, 0)).3 += 1;
    }
    let ticks: Vec<f64> = ticks(low, high);
    let shifted = |by: f64| (x(low), y(low + by), x(high - by), y(high));
    html! {
        svg viewBox={ "0 0 " (WIDTH) " 350" } role="img" aria-label={ "candidate against golden, " (unit) } {
            @for tick in &ticks {
                line.axis x1=(px(x(lg(*tick)))) x2=(px(x(lg(*tick)))) y1=(top) y2=(top + size) {}
                line.axis x1=(left) x2=(left + size) y1=(px(y(lg(*tick)))) y2=(px(y(lg(*tick)))) {}
                text.t-soft x=(px(x(lg(*tick)))) y=(top + size + 16.0) text-anchor="middle" { (tick_text(*tick)) }
                text.t-soft x=(left - 6.0) y=(px(y(lg(*tick)) + 4.0)) text-anchor="end" { (tick_text(*tick)) }
            }
            @match guide {
                Guide::Cap => {
                    @let (x1, y1, x2, y2) = shifted(2f64.log10());
                    line x1=(px(x1)) y1=(px(y1)) x2=(px(x2)) y2=(px(y2)) stroke="currentColor"
                        stroke-dasharray="5 4" stroke-opacity=".7" {}
                }
                Guide::Noise => {
                    @let by = (1.0 + FMAX_NOISE).log10();
                    polygon.band points={
                        (px(x(low))) "," (px(y(low + by))) " " (px(x(high - by))) "," (px(y(high))) " "
                        (px(x(high))) "," (px(y(high - by))) " " (px(x(low + by))) "," (px(y(low)))
                    } {}
                }
            }
            line x1=(px(x(low))) y1=(px(y(low))) x2=(px(x(high))) y2=(px(y(high)))
                stroke="currentColor" stroke-opacity=".6" {}
            @for (at_x, at_y, outcome, count) in spots.values() {
                @let r = (2.6 + (*count as f64).sqrt()).min(11.0);
                @if *outcome == Outcome::Pass {
                    circle.pass cx=(px(*at_x)) cy=(px(*at_y)) r=(px(r)) { title { (count) " pass" } }
                } @else {
                    path.(outcome) d={
                        "M" (px(at_x - r)) " " (px(at_y - r)) "l" (px(2.0 * r)) " " (px(2.0 * r))
                        "M" (px(at_x + r)) " " (px(at_y - r)) "l" (px(-2.0 * r)) " " (px(2.0 * r))
                    } { title { (count) " " (outcome) } }
                }
            }
            text.t-soft x=(left + size / 2.0) y=(top + size + 34.0) text-anchor="middle" { "golden" }
            text.t-soft x="12" y=(top + size / 2.0) text-anchor="middle"
                transform={ "rotate(-90 12 " (top + size / 2.0) ")" } { "candidate" }
            circle.pass cx="372" cy="20" r="4" {} text x="382" y="24" { "pass" }
            path.fail d="M368 36l8 8M376 36l-8 8" {} text x="382" y="44" { "not pass" }
        }
    }
}

/// 1, 2 and 5 of each decade, or the decades alone where there are many.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let steps: &[f64] = if high - low > 2.2 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    (low.floor() as i32..=high.ceil() as i32)
        .flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)))
        .filter(|tick| *tick >= 1.0 && (low..=high).contains(&tick.log10()))
        .collect()
}

fn tick_text(tick: f64) -> String {
    if tick >= 1000.0 { format!("{}k", tick / 1000.0) } else { format!("{tick}") }
}

/// Wall time by phase: 5th to 95th percentile, quartiles, median.
pub fn times(summary: &Summary) -> Markup {
    let mut phases: Vec<_> = summary.times.iter().filter(|(phase, _)| *phase != "total").collect();
    phases.sort_by_key(|(phase, _)| phase_rank(phase));
    let lg = |ms: u64| (ms.max(1) as f64).log10();
    let high = phases.iter().map(|(_, times)| lg(times.p95_ms)).fold(1.0, f64::max) + 0.1;
    let (left, room) = (84.0, 250.0);
    let x = |ms: u64| left + lg(ms) / high * room;
    let bottom = BAR * phases.len() as f64 + 6.0;
    let decades: Vec<(u64, &str)> = [
        (1, "≤1 ms"),
        (10, "10 ms"),
        (100, "0.1 s"),
        (1000, "1 s"),
        (10_000, "10 s"),
        (100_000, "100 s"),
        (1_000_000, "1000 s"),
    ]
    .into_iter()
    .filter(|(ms, _)| lg(*ms) <= high)
    .collect();
    html! { figure {
        figcaption {
            "Wall time by stage"
            small { "median, quartiles, 5th to 95th percentile; right: sum of all" }
        }
        svg viewBox={ "0 0 " (WIDTH) " " (bottom + 20.0) } role="img" aria-label="time per stage" {
            @for (ms, text) in &decades {
                line.axis x1=(px(x(*ms))) x2=(px(x(*ms))) y1="0" y2=(bottom) {}
                text.t-soft x=(px(x(*ms))) y=(bottom + 15.0) text-anchor="middle" { (text) }
            }
            @for (index, (phase, times)) in phases.iter().enumerate() {
                @let y = index as f64 * BAR + BAR / 2.0;
                text x=(left - 10.0) y=(y + 4.0) text-anchor="end" { (shortened(phase, 12)) }
                line.whisker x1=(px(x(times.p5_ms))) x2=(px(x(times.p95_ms))) y1=(y) y2=(y) {}
                rect.box x=(px(x(times.p25_ms))) y=(y - 7.0) height="14"
                    width=(px((x(times.p75_ms) - x(times.p25_ms)).max(1.0))) {}
                line.median x1=(px(x(times.median_ms))) x2=(px(x(times.median_ms))) y1=(y - 9.0) y2=(y + 9.0) {}
                text.t-soft x=(WIDTH - 4.0) y=(y + 4.0) text-anchor="end" {
                    (format!("{:.1} s", times.total_ms as f64 / 1e3))
                }
            }
        }
    } }
}

/// Where a phase stands in an evaluation; one that is not known, and the
/// total, come last.
pub fn phase_rank(phase: &str) -> usize {
    const PHASES: [&str; 12] = [
        "record", "proof", "synth", "link", "place", "pack", "timing", "program", "identify",
        "play", "compare", "simulate",
    ];
    let known = PHASES.iter().position(|known| *known == phase);
    known.unwrap_or(PHASES.len() + usize::from(phase == "total"))
}

/// A coordinate, to a tenth of a pixel.
fn px(value: f64) -> String {
    format!("{value:.1}")
}
