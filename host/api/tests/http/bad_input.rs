//! Requests that are wrong: the right status, words that help, nothing kept.

use crate::common::{Lab, request, submission, with, with_json};
use crate::submissions::{PROBLEM, form, post_form};
use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filbench_api::ErrorKind;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write as _;

fn post(body: &Value) -> axum::http::Request<Body> {
    with_json(Method::POST, "/v1/submissions", body)
}

fn post_text(kind: &str, text: &str) -> axum::http::Request<Body> {
    let mut request = request(Method::POST, "/v1/submissions");
    *request.body_mut() = Body::from(text.to_owned());
    with("content-type", kind, request)
}

#[tokio::test]
async fn wrong_json_is_refused_and_says_what_would_do() {
    let lab = Lab::new().await;
    let json = "application/json";
    for (kind, text, refusal) in [
        (json, "", ErrorKind::Malformed),
        (json, "{", ErrorKind::Malformed),
        (json, "\u{0}", ErrorKind::Malformed),
        (json, "[1]", ErrorKind::Invalid),
        (json, "null", ErrorKind::Invalid),
        (json, "{}", ErrorKind::Invalid),
        (json, "{\"evaluations\": []}", ErrorKind::Invalid),
        (json, "{\"evaluations\": {}}", ErrorKind::Invalid),
        ("text/plain", "{}", ErrorKind::UnsupportedMediaType),
        ("application/x-www-form-urlencoded", "a=b", ErrorKind::UnsupportedMediaType),
        ("multipart/form-data", "x", ErrorKind::Malformed),
    ] {
        lab.ask(post_text(kind, text)).await.refused(refusal);
    }
    let mut deep = "[".repeat(100_000);
    deep.push_str(&"]".repeat(100_000));
    lab.ask(post_text(json, &deep)).await.refused(ErrorKind::Invalid);

    let changes: [(&str, Value, &str); 19] = [
        ("/evaluations/0/problem", json!("q"), "`p`"),
        ("/evaluations/0/problem", json!(7), ""),
        ("/evaluations/0/files", json!([]), "archive"),
        ("/evaluations/0/files/0/name", json!("../../etc/passwd"), "relative"),
        ("/evaluations/0/files/0/name", json!("/etc/passwd"), "relative"),
        ("/evaluations/0/files/0/contents", json!(7), ""),
        ("/evaluations/0/files/0/mode", json!("x"), ""),
        ("/evaluations/0/board", json!("virtual:nexys"), "icebreaker"),
        ("/evaluations/0/board", json!("id:b9"), "id:b1"),
        ("/evaluations/0/board", json!("virtual:ice40_hx8k_b_evn"), "icebreaker"),
        ("/evaluations/0/board", json!(" "), ""),
        ("/evaluations/0/tier", json!("moon"), ""),
        ("/evaluations/0/options", json!({"sed": 1}), ""),
        ("/evaluations/0/options", json!({"seeds": 4_000_000}), "100"),
        ("/evaluations/0/priority", json!(101), "100"),
        ("/evaluations/0/deadline_s", json!(0), "1 to"),
        ("/evaluations/0/sample", json!("a\nb"), "one line"),
        ("/evaluations/0/archive_base64", json!("!"), "base 64"),
        ("/problems/p/files", json!([{"name": "x.txt", "contents": ""}]), ""),
    ];
    for (pointer, value, would_do) in changes {
        let mut body = submission(&["good"]);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[key] = value.clone();
        let details = lab.ask(post(&body)).await.refused(ErrorKind::Invalid);
        let accepted = details.accepted.clone().unwrap_or_default();
        assert!(accepted.contains(would_do), "{pointer} {value}: {details:?}");
        // Where the problem lay for a moment is not told.
        assert!(!details.detail.contains("/tmp"), "{details:?}");
    }
    let mut bench = submission(&["good"]);
    bench["problems"]["p"] = json!({"files": [{"name": "v.csv", "contents": "a:in,q:out\n0,0\n"}]});
    bench["evaluations"][0]["compare"] = "bench".into();
    let details = lab.ask(post(&bench)).await.refused(ErrorKind::Invalid);
    assert!(details.accepted.unwrap().contains("every_step"));
    // What a client has read itself is no better known.
    let mut located = submission(&["good"]);
    let bench = json!({"name": "../tb.v", "contents": "module tb; endmodule"});
    located["problems"]["p"] = json!({"located": {
        "name": "p", "top": "t", "golden": null, "comparison": "every_step",
        "stimulus": {"test_bench": {
            "files": [bench], "tops": ["tb"], "pass_mark": "no_mismatches",
        }},
        "declared": {"interface": null, "clocks": {}},
        "policy": {"forbid_latches": false, "min_samples": null},
    }});
    let details = lab.ask(post(&located)).await.refused(ErrorKind::Invalid);
    assert!(details.detail.contains("../tb.v"), "{details:?}");
    lab.is_untouched().await;
    let name = "/problems/p/located/stimulus/test_bench/files/0/name";
    *located.pointer_mut(name).unwrap() = "tb.v".into();
    lab.ask(post(&located)).await.good();
}

#[tokio::test]
async fn a_form_that_breaks_off_or_asks_for_something_else_is_refused() {
    let lab = Lab::new().await;
    let mut parts = PROBLEM.to_vec();
    parts.push(("candidate", Some("c.v"), b"good"));
    let whole = form(&parts);
    // One without its last line is a form that could have more parts.
    for end in (0..whole.len() - 4).step_by(7) {
        lab.ask(post_form(whole[..end].to_vec())).await.refused(ErrorKind::Malformed);
    }
    for (part, would_do) in [
        (("colour", None, &b"red"[..]), "candidate"),
        (("candidate", None, b"x"), "-F candidate=@FILE"),
        (("tier", None, b"moon"), ""),
        (("shared", None, b"maybe"), ""),
        (("options", None, b"{"), ""),
        (("suite", None, b"s"), "but not both"),
        (("candidate", Some("../x.v"), b"x"), "relative"),
    ] {
        let mut parts = parts.clone();
        parts.push(part);
        let details = lab.ask(post_form(form(&parts))).await.refused(ErrorKind::Invalid);
        assert!(details.accepted.clone().unwrap_or_default().contains(would_do), "{details:?}");
    }
    lab.is_untouched().await;
    lab.ask(post_form(whole)).await.good();
}

fn tar_of(name: &str, contents: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(contents.len() as u64);
    header.set_cksum();
    builder.append(&header, contents).unwrap();
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn archives_are_unpacked_within_bounds_and_into_memory_only() {
    let lab = Lab::with(|config| config.limits.file_bytes = 1 << 20).await;
    let bomb = gzip(&tar_of("x.v", &vec![0; 50 << 20]));
    assert!(bomb.len() < 100_000);
    let good = gzip(&tar_of("c.v", b"good"));
    let archives = [
        (tar_of("../../x", b""), ErrorKind::Invalid),
        (tar_of("/etc/cron.d/x", b""), ErrorKind::Invalid),
        (bomb, ErrorKind::TooLarge),
        (good[..good.len() / 2].to_vec(), ErrorKind::Malformed),
        (b"no archive".to_vec(), ErrorKind::Malformed),
    ];
    for (archive, refusal) in &archives {
        let mut body = submission(&["x"]);
        body["evaluations"][0]["files"] = json!([]);
        body["evaluations"][0]["archive_base64"] = STANDARD.encode(archive).into();
        lab.ask(post(&body)).await.refused(*refusal);
        let mut parts = PROBLEM.to_vec();
        parts.push(("candidate", Some("c.tgz"), archive));
        lab.ask(post_form(form(&parts))).await.refused(*refusal);
        let parts = [("problem", Some("p.zip"), &archive[..]), ("candidate", Some("c.v"), b"x")];
        lab.ask(post_form(form(&parts))).await.refused(*refusal);
    }
    lab.is_untouched().await;
    let mut parts = PROBLEM.to_vec();
    parts.push(("candidate", Some("c.tar.gz"), &good));
    lab.ask(post_form(form(&parts))).await.good();
}

#[tokio::test]
async fn queries_and_paths_that_are_wrong_are_refused() {
    let lab = Lab::new().await;
    for path in [
        "/v1/submissions?limit=x",
        "/v1/submissions?limit=-1",
        "/v1/submissions?limit=0",
        "/v1/evaluations?limit=1001",
        "/v1/submissions?befor=x",
        "/v1/submissions?before=x",
        "/v1/evaluations?state=asleep",
        "/v1/evaluations?after=sub_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ] {
        lab.get(path).await.refused(ErrorKind::Invalid);
    }
    for path in [
        "/v1/evaluations/x",
        "/v1/evaluations/%ff",
        "/v1/evaluations/eval_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/v1/evaluations/sub_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "/v1/leases/..%2f",
        "/v1/boards/b9",
        "/v2",
        "/v1/",
    ] {
        lab.get(path).await.refused(ErrorKind::NotFound);
    }
    let patch = lab.ask(request(Method::PATCH, "/v1/submissions")).await;
    patch.refused(ErrorKind::MethodNotAllowed);
    assert_eq!(patch.headers["allow"], "POST,GET,HEAD");
}
