//! The hostile suite: every candidate gets its own typed refusal, or is a design
//! like any other.

mod support;

use filbench_board::Device;
use filbench_flow::{Policy, SourceFile, Submission, Synthesis};
use std::path::Path;
use std::time::{Duration, Instant};
use support::flow;

#[test]
fn look() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/suites/hostile/candidates/Prob001_accumulator");
    let flow = flow().with_synthesis_cpu(Duration::from_secs(10));
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort(); paths.retain(|p| !["endless","huge","doubling"].iter().any(|x| p.to_string_lossy().contains(x)));
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let submission = Submission {
            files: vec![SourceFile { name: name.clone(), contents: std::fs::read(&path).unwrap() }],
            top: "TopModule".into(),
        };
        let begin = Instant::now();
        let result = flow.synthesise(&submission, &Policy::default(), Device::Up5k);
        let text = match result {
            Err(fault) => format!("FAULT {fault:?}"),
            Ok(Synthesis::Design(design)) => format!("ok {:?}", design.resources),
            Ok(Synthesis::Rejected(r)) => {
                format!("{} {} {}", r.verdict, r.verdict.reason, r.diagnostics.len())
            }
        };
        println!("{name:28} {:6.2} {text}", begin.elapsed().as_secs_f64());
    }
}
