//! Statistics, CSV, JUnit and differences of made-up results.

use crate::records::{mismatch, mixed, played, record, simulated};
use filbench_model::{FrontEnd, Spread, TimingAlone, TimingSource, Verdict};
use filbench_results::{
    CSV_COLUMNS, Difference, KnownBad, Ratios, SuiteResults, Summary, write_csv, write_junit,
};

fn results() -> SuiteResults {
    SuiteResults::new("mixed", mixed(), None)
}

fn known_bad() -> KnownBad {
    KnownBad::parse("[[problem]]\nsuite = \"mine\"\nproblem = \"Prob002\"\nreason = \"odd\"\n")
        .unwrap()
}

#[test]
fn a_summary_counts_what_was_judged() {
    insta::assert_json_snapshot!(serde_json::to_value(Summary::of(&results())).unwrap());
}

#[test]
fn a_known_bad_problem_is_shown_and_not_counted() {
    let results = SuiteResults::new("mixed", mixed(), Some(known_bad()));
    let summary = Summary::of(&results);
    assert_eq!((summary.problems, summary.left_out), (2, 2));
    assert_eq!((summary.outcomes.pass, summary.outcomes.fail), (1, 1));
    assert_eq!(summary.known_bad.unwrap()[0].problem, "Prob002");
    let mut junit = Vec::new();
    write_junit(&mut junit, &results).unwrap();
    let junit = String::from_utf8(junit).unwrap();
    assert!(junit.contains("known bad: odd"), "{junit}");
}

#[test]
fn ratios_are_to_the_golden_and_leave_the_fixture_out() {
    let ratios = Ratios::of(&played("p", "s", Verdict::pass(""), 25, 80.0));
    assert_eq!((ratios.lut4, ratios.ff, ratios.fmax), (Some(2.5), Some(1.0), Some(0.8)));
    assert_eq!(ratios.delay, Some(1.25));
}

/// What placements of a design by itself found.
fn alone(mhz: Option<[f64; 3]>, ns: Option<[f64; 3]>) -> Option<TimingAlone> {
    let spread = |values: Option<[f64; 3]>| Spread::of(values?);
    Some(TimingAlone {
        seeds: vec![1, 2, 3],
        predicted_mhz: spread(mhz),
        clocks: Vec::new(),
        delay_ns: spread(ns),
        source: TimingSource::StaticAnalysis,
    })
}

#[test]
fn figures_of_designs_alone_go_before_those_beside_the_fixture() {
    let mut timed = played("p", "s", Verdict::pass(""), 25, 80.0);
    timed.report.timing_alone = alone(Some([90.0, 60.0, 70.0]), None);
    assert_eq!(Ratios::of(&timed).fmax, Some(0.8), "the golden was not placed alone");
    timed.golden.as_mut().unwrap().timing_alone = alone(Some([35.0, 30.0, 40.0]), None);
    assert_eq!((Ratios::of(&timed).fmax, Ratios::of(&timed).delay), (Some(2.0), Some(0.5)));

    let mut combinational = played("q", "s", Verdict::pass(""), 25, 80.0);
    combinational.report.timing_alone = alone(None, Some([9.0, 12.0, 10.0]));
    combinational.golden.as_mut().unwrap().timing_alone = alone(None, Some([5.0, 4.0, 6.0]));
    assert_eq!(Ratios::of(&combinational).delay, Some(2.0));

    let mut file = Vec::new();
    let results = SuiteResults::new("alone", vec![timed.clone(), combinational.clone()], None);
    write_csv(&mut file, &results).unwrap();
    let mut rows = csv::Reader::from_reader(&file[..]);
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let cell = |row: usize, name: &str| {
        rows[row][CSV_COLUMNS.iter().position(|column| *column == name).unwrap()].to_owned()
    };
    assert_eq!(cell(0, "alone_fmax_mhz_median"), "70");
    assert_eq!(cell(0, "alone_fmax_mhz_min"), "60");
    assert_eq!(cell(0, "alone_delay_ns_median"), "");
    assert_eq!(cell(1, "alone_delay_ns_max"), "12");
    assert_eq!(cell(1, "delay_ratio"), "2");

    let mut later = [timed, combinational];
    later[0].report.timing_alone = alone(Some([50.0; 3]), None);
    later[1].report.timing_alone = alone(None, Some([9.5; 3]));
    let later = SuiteResults::new("later", later.to_vec(), None);
    let difference = Difference::between(&results, &later);
    assert_eq!((difference.fmax.worse[0].from, difference.fmax.worse[0].to), (70.0, 50.0));
    assert_eq!((difference.delay.common, difference.delay.noise), (1, 1));
    assert!(difference.noise[0].contains("placed alone"), "{:?}", difference.noise);
}

#[test]
fn of_two_records_of_one_sample_the_last_counts() {
    let twice =
        vec![record("p", "s", mismatch()), record("p", "s", Verdict::pass("the second time"))];
    let results = SuiteResults::new("twice", twice, None);
    assert_eq!((results.records().len(), results.replaced), (1, 1));
    assert_eq!(Summary::of(&results).outcomes.pass, 1);
}

#[test]
fn a_csv_row_has_every_column_and_no_formula() {
    let mut records = mixed();
    records.push(record("=HYPERLINK(1)", "a,\"b\"\u{202e}", Verdict::pass("")));
    let mut file = Vec::new();
    write_csv(&mut file, &SuiteResults::new("mixed", records, None)).unwrap();
    let mut reader = csv::Reader::from_reader(file.as_slice());
    assert_eq!(reader.headers().unwrap(), CSV_COLUMNS.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 7);
    let hostile = rows.iter().find(|row| row[0].contains("HYPERLINK")).unwrap();
    assert_eq!(&hostile[0], "'=HYPERLINK(1)");
    assert_eq!(&hostile[1], "a,\"b\"\\u{202e}");
}

#[test]
fn a_csv_row_tells_who_read_the_sources() {
    let mut records = mixed();
    let readers = [FrontEnd::Verilog, FrontEnd::Slang, FrontEnd::Ghdl].map(Some);
    for (record, front_end) in records.iter_mut().zip(readers) {
        record.report.front_end = front_end;
    }
    let mut file = Vec::new();
    write_csv(&mut file, &SuiteResults::new("mixed", records, None)).unwrap();
    let mut reader = csv::Reader::from_reader(file.as_slice());
    let column = CSV_COLUMNS.iter().position(|name| *name == "front_end").unwrap();
    let cells: Vec<String> = reader.records().map(|row| row.unwrap()[column].to_owned()).collect();
    assert_eq!(cells, ["verilog", "slang", "ghdl", "", "", ""]);
}

#[test]
fn a_csv_row_tells_what_simulation_says() {
    let mut records = mixed();
    records[0].report.simulated = Some(simulated("q"));
    let results = SuiteResults::new("mixed", records, None);
    let mut file = Vec::new();
    write_csv(&mut file, &results).unwrap();
    let mut reader = csv::Reader::from_reader(file.as_slice());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let first = CSV_COLUMNS.iter().position(|name| *name == "simulated").unwrap();
    let cells: Vec<&str> = (first..first + 6).map(|column| &rows[0][column]).collect();
    assert_eq!(cells, ["mismatch", "3", "q", "contradiction", "3", "q"]);
    assert_eq!(&rows[1][first], "");
    let summary = Summary::of(&results);
    assert_eq!(summary.simulated["mismatch"].pass, 1);
    assert_eq!(summary.sim_board_disagreements["contradiction"], 1);
}

#[test]
fn junit_tells_failures_errors_and_skips_apart() {
    let mut file = Vec::new();
    write_junit(&mut file, &results()).unwrap();
    insta::assert_snapshot!(String::from_utf8(file).unwrap());
}

#[test]
fn a_difference_names_what_changed_and_what_is_noise() {
    let b = vec![
        played("Prob001", "sample01", mismatch(), 10, 100.0),
        played("Prob001", "sample02", Verdict::pass("all is well"), 12, 86.0),
        played("Prob002", "sample01", Verdict::pass("all is well"), 5, 100.0),
        played("Prob009", "sample01", Verdict::pass("all is well"), 5, 100.0),
        record("Prob003", "sample01", Verdict::pass("all is well")),
    ];
    let difference = Difference::between(&results(), &SuiteResults::new("b", b, None));
    assert!(difference.is_regression());
    assert_eq!(difference.common, 4);
    assert_eq!(difference.only_b, ["Prob009/sample01"]);
    assert_eq!(difference.only_a, ["Prob002/sample02", "Prob003/sample02"]);
    // 80 -> 86 MHz is 7.5 %, 125 -> 100 is more than seeds explain.
    assert_eq!((difference.fmax.noise, difference.fmax.worse.len()), (1, 1));
    assert_eq!(difference.resources["lut4"].better.len(), 1);
    // One sample better, one worse: the problem's share is the same.
    assert_eq!((difference.pass_rate.better, difference.pass_rate.worse), (0, 0));
    insta::assert_snapshot!(difference.to_string());
}

#[test]
fn equal_results_do_not_differ() {
    let difference = Difference::between(&results(), &results());
    assert!(!difference.is_regression());
    assert!(difference.better.is_empty() && difference.other.is_empty());
    assert!(difference.resources.is_empty() && difference.circumstances.is_empty());
    assert_eq!(difference.pass_rate.p_value, 1.0);
}
