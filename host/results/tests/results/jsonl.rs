//! Records on their way to a file and back.

use crate::records::record;
use filbench_model::Verdict;
use filbench_results::{JsonLinesError, read_jsonl, write_jsonl};
use serde_json::Value;

fn text() -> Vec<u8> {
    let mut text = Vec::new();
    for sample in ["sample01", "sample\n02 \"quoted\""] {
        write_jsonl(&mut text, &record("Prob001", sample, Verdict::pass("all is well")))
            .expect("memory takes it");
    }
    text
}

#[test]
fn a_line_is_a_report_with_the_suites_fields_beside_it() {
    let record = record("Prob001", "sample01", Verdict::pass("all is well"));
    let mut line = Vec::new();
    write_jsonl(&mut line, &record).unwrap();
    let mut line: Value = serde_json::from_slice(&line).unwrap();
    let own = line.as_object_mut().unwrap();
    for field in ["problem", "sample", "class", "golden"] {
        assert!(own.remove(field).is_some(), "no {field}");
    }
    assert_eq!(line, serde_json::to_value(&record.report).unwrap());
}

#[test]
fn records_come_back_as_they_went() {
    let lines = read_jsonl(text().as_slice()).unwrap();
    assert_eq!(lines.records.len(), 2);
    assert_eq!(lines.torn, None);
    assert_eq!(lines.whole_bytes, text().len() as u64);
    let mut again = Vec::new();
    for record in &lines.records {
        write_jsonl(&mut again, record).unwrap();
    }
    assert_eq!(again, text());
}

#[test]
fn a_run_may_be_killed_after_any_byte() {
    let text = text();
    let first_line = text.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for end in 0..text.len() {
        let lines = read_jsonl(&text[..end]).unwrap();
        // A record is whole from its last brace on; the newline is the next byte.
        let whole = usize::from(end >= first_line - 1) + usize::from(end >= text.len() - 1);
        assert_eq!(lines.records.len(), whole, "cut at {end}");
        let torn = lines.torn.map_or(0, |torn| torn.bytes);
        assert_eq!(lines.whole_bytes + torn, end as u64, "cut at {end}");
    }
}

#[test]
fn damage_in_the_middle_is_no_torn_line() {
    let mut text = text();
    text.splice(0..40, []);
    let error = read_jsonl(text.as_slice()).unwrap_err();
    assert!(matches!(error, JsonLinesError::NoRecord { line: 1, .. }), "{error}");
}

#[test]
fn another_schema_is_refused_by_name() {
    let text = String::from_utf8(text()).unwrap().replace("filbench.report/1", "filbench.report/9");
    let error = read_jsonl(text.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("`filbench.report/9`"), "{error}");
    // Also where nothing but the schema is known.
    let error = read_jsonl(&b"{\"schema\":\"other/1\",\"verdict\":7}\n"[..]).unwrap_err();
    assert!(matches!(error, JsonLinesError::Schema { line: 1, .. }), "{error}");
}

#[test]
fn a_line_without_end_is_refused() {
    let error = read_jsonl(std::io::BufReader::new(std::io::repeat(b'['))).unwrap_err();
    assert!(matches!(error, JsonLinesError::TooLong { line: 1 }), "{error}");
}
