//! Figures for Prometheus.

use filbench_daemon::{Histogram as Times, Snapshot};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt::Error;
use std::time::Duration;

/// Upper ends of the buckets of requests' times, in seconds.
const BOUNDS_S: [f64; 9] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0];

type Labels = Vec<(&'static str, String)>;

/// What is counted of requests; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HttpMetrics {
    requests: Family<Labels, Counter>,
    times: Family<Labels, Histogram, fn() -> Histogram>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        let times: fn() -> Histogram = || Histogram::new(BOUNDS_S);
        Self { requests: Family::default(), times: Family::new_with_constructor(times) }
    }
}

impl HttpMetrics {
    /// A request was answered. `route` is the pattern, not the path.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let route = ("route", route.to_owned());
        let method = ("method", method.to_owned());
        let labels = vec![method.clone(), route.clone(), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        self.times.get_or_create(&vec![method, route]).observe(took.as_secs_f64());
    }

    /// All figures, in the text format.
    pub(crate) fn text(&self, snapshot: Snapshot) -> Result<String, Error> {
        let mut registry = Registry::with_prefix("filbench");
        registry.register("http_requests", "Requests that were answered", self.requests.clone());
        registry.register(
            "http_request_seconds",
            "How long answers took; event streams up to their beginning",
            self.times.clone(),
        );
        registry.register_collector(Box::new(Lab(snapshot)));
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// The daemon's own figures.
#[derive(Debug)]
struct Lab(Snapshot);

impl Collector for Lab {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        // Each figure is named, so that none is forgotten.
        let Snapshot {
            epoch,
            uptime_s,
            is_draining,
            evaluations,
            verdicts,
            boards,
            phases,
            faulty_runs,
        } = &self.0;
        let mut gauge = |name: &str, help: &str, values: &[(Labels, f64)]| {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            values.iter().try_for_each(|(labels, value)| {
                labelled(&mut metric, labels, |m| m.encode_gauge(value))
            })
        };
        let of = |name: &'static str, value: &str| vec![(name, value.to_owned())];
        gauge("daemon_epoch", "Starts of a daemon on this store", &[(vec![], *epoch as f64)])?;
        gauge("daemon_uptime_seconds", "Since the start", &[(vec![], *uptime_s)])?;
        let draining = f64::from(u8::from(*is_draining));
        gauge("daemon_draining", "1 when it takes no new work", &[(vec![], draining)])?;
        let states = [
            (of("state", "queued"), evaluations.queued as f64),
            (of("state", "running"), evaluations.running as f64),
            (of("state", "ended"), evaluations.ended as f64),
        ];
        gauge("evaluations", "Evaluations by state", &states)?;
        let boards: Vec<_> =
            boards.iter().map(|(state, count)| (of("state", state), *count as f64)).collect();
        gauge("boards", "Boards by state", &boards)?;
        let verdicts: Vec<_> = verdicts
            .iter()
            .map(|count| {
                let labels = vec![
                    ("ending", count.ending.clone()),
                    ("outcome", count.outcome.clone().unwrap_or_default()),
                    ("stage", count.stage.clone().unwrap_or_default()),
                ];
                (labels, count.count as f64)
            })
            .collect();
        gauge("verdicts", "Ended evaluations that are kept, by verdict", &verdicts)?;
        let mut metric = encoder.encode_descriptor(
            "faulty_runs",
            "Runs that ended in a fault of the lab since the start",
            None,
            MetricType::Counter,
        )?;
        metric.encode_counter::<Labels, _, u64>(faulty_runs, None)?;
        let mut metric = encoder.encode_descriptor(
            "phase_seconds",
            "Wall time of the phases of evaluations since the start",
            None,
            MetricType::Histogram,
        )?;
        phases.iter().try_for_each(|(phase, times)| {
            labelled(&mut metric, &of("phase", phase), |metric| {
                metric.encode_histogram::<Labels>(times.sum_s, times.count, &buckets(times), None)
            })
        })
    }
}

fn labelled(
    metric: &mut MetricEncoder<'_>,
    labels: &Labels,
    encode: impl FnOnce(&mut MetricEncoder<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    if labels.is_empty() { encode(metric) } else { encode(&mut metric.encode_family(labels)?) }
}

/// Each bucket by itself; the encoder adds them up.
fn buckets(times: &Times) -> Vec<(f64, u64)> {
    let bounds = Times::bounds_s().iter().copied().chain([f64::INFINITY]);
    let counts = times.buckets.iter().copied().chain([times.count]);
    let mut below = 0;
    bounds
        .zip(counts)
        .map(|(bound, count)| (bound, count - std::mem::replace(&mut below, count)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn figures_are_written_as_prometheus_reads_them() {
        let mut times = Times { count: 3, sum_s: 400.5, ..Times::default() };
        times.buckets[4..].fill(2);
        let snapshot = Snapshot {
            epoch: 2,
            uptime_s: 1.5,
            is_draining: false,
            evaluations: filbench_store::StateCounts { queued: 7, running: 1, ended: 2 },
            verdicts: vec![filbench_store::VerdictCount {
                ending: "judged".into(),
                outcome: Some("fail".into()),
                stage: Some("mismatch".into()),
                count: 2,
            }],
            boards: BTreeMap::from([("free", 3)]),
            phases: BTreeMap::from([("synth", times)]),
            faulty_runs: 1,
        };
        let metrics = HttpMetrics::default();
        metrics.answered("GET", "/v1/me", 200, Duration::from_millis(3));
        let text = metrics.text(snapshot).unwrap();
        for line in [
            "filbench_http_requests_total{method=\"GET\",route=\"/v1/me\",status=\"200\"} 1",
            "filbench_http_request_seconds_bucket{le=\"0.005\",method=\"GET\",route=\"/v1/me\"} 1",
            "filbench_evaluations{state=\"queued\"} 7.0",
            "filbench_boards{state=\"free\"} 3.0",
            "filbench_verdicts{ending=\"judged\",outcome=\"fail\",stage=\"mismatch\"} 2.0",
            "filbench_faulty_runs_total 1",
            "filbench_phase_seconds_bucket{le=\"0.05\",phase=\"synth\"} 0",
            "filbench_phase_seconds_bucket{le=\"0.1\",phase=\"synth\"} 2",
            "filbench_phase_seconds_bucket{le=\"+Inf\",phase=\"synth\"} 3",
            "filbench_phase_seconds_sum{phase=\"synth\"} 400.5",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
