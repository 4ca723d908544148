//! The HTML report of made-up results.

use crate::records::{mismatch, mismatching, mixed, played, record, simulated};
use filbench_model::{Diagnostic, Severity, Verdict};
use filbench_results::{KnownBad, Record, SuiteResults, write_html};

fn html(records: Vec<Record>, known_bad: Option<KnownBad>) -> String {
    let mut page = Vec::new();
    write_html(&mut page, &SuiteResults::new("made up", records, known_bad)).unwrap();
    String::from_utf8(page).unwrap()
}

/// From the section of an evaluation to its end.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let start = page.find(&format!("<section class=\"ev\" id=\"{id}\"")).unwrap();
    &page[start..start + page[start..].find("</section>").unwrap()]
}

#[test]
fn an_evaluation_has_an_address_a_board_and_its_tools_words() {
    let page = html(mixed(), None);
    let wrong = section(&page, "e-Prob001:sample02");
    assert!(wrong.contains("<b>VIRTUAL</b> board: icebreaker"), "{wrong}");
    assert!(page.contains("href=\"#e-Prob001:sample02\""));
    let syntax = section(&page, "e-Prob002:sample02");
    assert!(syntax.contains("top.sv:7:3:"), "{syntax}");
    assert!(syntax.contains("No board was reached."), "{syntax}");
    assert!(syntax.contains(" [yosys]"), "{syntax}");
    let problem = section(&page, "e-Prob003:sample01");
    assert!(
        problem.contains("Prob003_test.sv:4:") && problem.contains(" [iverilog, of the problem]")
    );
}

#[test]
fn simulation_is_shown_beside_the_board() {
    let mut records = mixed();
    assert!(!html(records.clone(), None).contains("Simulated against measured"));
    records[0].report.simulated = Some(simulated("q"));
    let page = html(records, None);
    assert!(page.contains("Simulated against measured"));
    assert!(page.contains("1 evaluations in which simulation and board differ: contradiction"));
    let section = section(&page, "e-Prob001:sample01");
    for shown in ["In simulation", "mismatch: <bdi>step 3", "0111 (hex 7)", "2 of 200 differ"] {
        assert!(section.contains(shown), "{shown}: {section}");
    }
}

#[test]
fn a_mismatch_is_drawn() {
    let page = html(vec![mismatching("Prob001", "sample02")], None);
    let section = section(&page, "e-Prob001:sample02");
    let svg = &section[section.find("<svg").unwrap()..section.find("</svg>").unwrap()];
    insta::assert_snapshot!(svg.replace("><", ">\n<"));
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let page = html(mixed(), None);
    for outside in ["http://", "https://", "src=", "<link", "@import", "fetch("] {
        assert!(!page.contains(outside), "the page has `{outside}`");
    }
    assert!(page.contains("default-src 'none'"));
}

const HOSTILE: [&str; 7] = [
    "</script><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "</style><!--",
    "\u{202e}evas\u{2066}\u{200b}",
    "\u{0}\u{1b}[31m&amp;&#60;",
    "]]>{{7*7}}${7*7}`",
];

#[test]
fn what_candidates_wrote_is_text() {
    let clean = html(vec![everywhere("plain")], None);
    for text in HOSTILE {
        let known_bad = KnownBad { problems: Vec::new() };
        let page = html(vec![everywhere(text)], Some(known_bad));
        // The same elements as with harmless words.
        assert_eq!(page.matches("<script").count(), clean.matches("<script").count(), "{text}");
        assert_eq!(page.matches("<svg").count(), clean.matches("<svg").count(), "{text}");
        assert_eq!(page.matches("<style").count(), clean.matches("<style").count(), "{text}");
        assert_eq!(page.matches("<!--").count(), 0, "{text}");
        assert!(!page.contains("<img"), "{text}");
        for c in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{0}', '\u{1b}'] {
            assert!(!page.contains(c), "{text:?} brings {c:?} into the page");
        }
        if text.contains("&amp;") {
            assert!(page.contains("&amp;amp;&amp;#60;"), "{text}");
        }
    }
}

/// A record with `text` wherever somebody else's words go.
fn everywhere(text: &str) -> Record {
    let mut record = mismatching(text, text);
    let report = &mut record.report;
    report.verdict.reason = text.to_owned();
    let diagnostic = serde_json::json!({
        "tool": text, "severity": Severity::Error, "file": text, "line": 7, "column": 3,
        "message": text,
    });
    report.diagnostics = vec![serde_json::from_value::<Diagnostic>(diagnostic).unwrap()];
    report.mismatch.as_mut().unwrap().port = text.to_owned();
    report.simulated = Some(simulated(text));
    let window = report.mismatch_window.as_mut().unwrap();
    window.inputs[0].port = text.to_owned();
    window.inputs[0].values[1] = text.to_owned();
    window.outputs[0].port = text.to_owned();
    window.outputs[0].got[2] = Some(text.to_owned());
    report.timing[0].clock = text.to_owned();
    report.durations_ms.insert(text.to_owned(), 7);
    report.board.as_mut().unwrap().id = text.to_owned();
    report.provenance.submission_sha256 = text.to_owned();
    record
}

#[test]
fn ten_thousand_evaluations_make_a_page_of_bounded_size() {
    let mut records = Vec::new();
    for problem in 0..500 {
        for sample in 0..20 {
            let (problem, sample) = (format!("Prob{problem:03}"), format!("sample{sample:02}"));
            let mut record = match records.len() % 3 {
                0 => played(&problem, &sample, Verdict::pass("all is well"), 8, 90.0),
                1 => mismatching(&problem, &sample),
                _ => record(&problem, &sample, mismatch()),
            };
            record.report.verdict.reason.push_str(&"long ".repeat(1000));
            records.push(record);
        }
    }
    let page = html(records, None);
    assert!(page.len() < 24 << 20, "{} bytes", page.len());
    assert_eq!(page.matches("<tr data-o=").count() + page.matches("<tr id=\"e-").count(), 10_000);
    let sections = page.matches("<section class=\"ev\"").count();
    assert!((100..10_000).contains(&sections), "{sections} drill-downs");
    assert!(
        page.contains(&format!(
            "the drill-downs of {} evaluations are left out",
            10_000 - sections
        ))
    );
}

#[test]
fn a_known_bad_list_is_shown() {
    let list = KnownBad::parse(
        "[[problem]]\nsuite = \"mine\"\nproblem = \"Prob002\"\nreason = \"odd <b>\"\n",
    );
    let page = html(mixed(), Some(list.unwrap()));
    assert!(page.contains("A known-bad list is applied: 2 evaluations are not counted."));
    assert!(page.contains("odd &lt;b&gt;"));
}
