//! Whether a board is fit: a design that is known to be good goes through the whole chain
//! and has to pass on it, and the firmware in it sums itself.

use filbench_lab::{Selector, Session};
use filbench_model::{Fault, FaultPlace, Outcome, Verdict};
use filbench_run::{Context, Options, Table, evaluate, golden_submission};
use filbench_stimulus::{PassMark, ProblemFiles, SourceText};
use tokio::sync::mpsc;

/// What the tests of boards play.
fn known_good() -> ProblemFiles {
    let file = |name: &str, text: &str| SourceText {
        name: name.to_owned(),
        contents: text.as_bytes().to_vec(),
    };
    ProblemFiles::from_test_bench(
        "known_good",
        "known_good",
        vec![file("known_good.v", include_str!("known_good/known_good.v"))],
        "known_good",
        vec![file("known_good_tb.v", include_str!("known_good/known_good_tb.v"))],
        PassMark::Prints("known good".to_owned()),
    )
}

/// Tests the only board of `table`.
pub(crate) async fn test(context: &Context, table: &dyn Table, kind: &str) -> Result<(), Fault> {
    let problem = known_good();
    let golden = golden_submission(&problem).expect("the known-good problem has a golden");
    let selector = Selector::Kind(kind.to_owned());
    let (events, _) = mpsc::unbounded_channel();
    let options = Options::default();
    let evaluation = evaluate(context, golden, problem, &selector, &options, events).await;
    passed(&evaluation.report.verdict)?;
    let bitstream = evaluation.bitstream().ok_or_else(|| {
        Fault::new(FaultPlace::Host, "the known-good design passed without a bitstream")
    })?;
    let mut place = table.open(&selector)?;
    let tested = async {
        let line = place.program(bitstream).await?;
        let mut session = Session::open(line, place.timing()).await?;
        session.self_test(context.firmware_image()).await?;
        Ok(())
    };
    let tested: Result<(), Fault> = tested.await;
    place.release().await;
    tested
}

fn passed(verdict: &Verdict) -> Result<(), Fault> {
    match (verdict.outcome, verdict.stage) {
        (Outcome::Pass, _) => Ok(()),
        (Outcome::Fault, Some(filbench_model::Stage::Fault(place))) => {
            Err(Fault::new(place, verdict.reason.clone()))
        }
        _ => Err(Fault::new(
            FaultPlace::Firmware,
            format!("the known-good design does not pass: {verdict}: {}", verdict.reason),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use filbench_model::FailStage;

    #[test]
    fn only_a_pass_passes() {
        assert_eq!(passed(&Verdict::pass("")), Ok(()));
        let fault = Fault::new(FaultPlace::Link, "silence");
        assert_eq!(passed(&fault.clone().into()), Err(fault));
        let fault = passed(&Verdict::fail(FailStage::Mismatch, "step 3")).unwrap_err();
        assert!(fault.message.contains("fail (mismatch): step 3"), "{fault}");
    }
}
