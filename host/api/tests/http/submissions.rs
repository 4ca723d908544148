//! Submitting, following, reading, cancelling.

use crate::common::{Lab, request, submission, with, with_json};
use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use filbench_api::ErrorKind;
use filbench_api::types::{
    ArtifactView, CancelView, EvaluationSummary, EvaluationView, Outcome, Page, State,
    SubmissionView,
};
use filbench_daemon::testing::ARTIFACT;
use filbench_store::{BlobId, EvaluationId, SubmissionId};
use serde_json::{Value, json};

fn post(body: &Value) -> axum::http::Request<Body> {
    with_json(Method::POST, "/v1/submissions", body)
}

#[tokio::test]
async fn a_batch_goes_through_and_its_results_are_in_its_order() {
    let lab = Lab::new().await;
    let mut body = submission(&["one", "wrong", "three"]);
    body["label"] = "nightly".into();
    body["evaluations"][1]["sample"] = "s".into();
    let answer = lab.ask(post(&body)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    let view: SubmissionView = answer.json();
    let id = &view.summary.id;
    assert_eq!(answer.headers[header::LOCATION], format!("/v1/submissions/{id}").as_str());
    assert_eq!((view.evaluations.len(), view.summary.label.as_deref()), (3, Some("nightly")));
    for evaluation in &view.evaluations {
        lab.ended(evaluation).await;
    }
    let view: SubmissionView = lab.get(&format!("/v1/submissions/{id}")).await.good().json();
    assert_eq!((view.summary.counts.ended, view.summary.counts.total()), (3, 3));

    // In pages, with filters.
    let path = format!("/v1/submissions/{id}/evaluations?limit=2");
    let first: Page<EvaluationSummary> = lab.get(&path).await.good().json();
    let next = first.next.unwrap();
    let rest: Page<EvaluationSummary> =
        lab.get(&format!("{path}&after={next}")).await.good().json();
    assert_eq!(rest.next, None);
    let all: Vec<_> = first.items.iter().chain(&rest.items).collect();
    assert!(all.iter().map(|e| &e.id).eq(&view.evaluations));
    let samples: Vec<&str> = all.iter().map(|e| e.sample.as_str()).collect();
    assert_eq!(samples, ["sample01", "s", "sample03"]);
    let failed: Page<EvaluationSummary> =
        lab.get(&format!("/v1/submissions/{id}/evaluations?outcome=fail&state=ended")).await.json();
    assert_eq!(failed.items.len(), 1);
    let verdict = failed.items[0].verdict.clone().unwrap();
    assert_eq!((verdict.outcome, verdict.stage.as_deref()), (Outcome::Fail, Some("mismatch")));
    let listed: Page<Value> = lab.get("/v1/evaluations?problem=p&limit=1").await.good().json();
    assert_eq!(listed.items[0]["id"], view.evaluations[2].as_str());

    let results = lab.get(&format!("/v1/submissions/{id}/results")).await.good().text();
    let records: Vec<Value> =
        results.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<&str> =
        records.iter().map(|r| r["verdict"]["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["pass", "fail", "pass"]);
    assert_eq!((&records[1]["problem"], &records[1]["sample"]), (&json!("p"), &json!("s")));
    let report = lab.get(&format!("/v1/evaluations/{}/report", view.evaluations[1])).await;
    assert_eq!(report.good().json::<Value>(), records[1]);
}

#[tokio::test]
async fn an_evaluation_shows_its_runs_and_files() {
    let lab = Lab::new().await;
    let mut body = submission(&["wait for it"]);
    let evaluation = &mut body["evaluations"][0];
    evaluation["options"] = json!({"seed": 7, "reuse": false});
    evaluation["board"] = "id:b1, icebreaker".into();
    evaluation["priority"] = 3.into();
    evaluation["deadline_s"] = 60.into();
    let view: SubmissionView = lab.ask(post(&body)).await.good().json();
    let id = &view.evaluations[0];
    let path = format!("/v1/evaluations/{id}");
    lab.until(id, "started").await;
    let running: EvaluationView = lab.get(&path).await.good().json();
    assert_eq!((running.summary.state, running.runs.len()), (State::Running, 1));
    assert_eq!((running.options.seed, running.options.reuse), (7, false));
    assert_eq!(running.summary.deadline_ms, Some(running.summary.created_ms + 60_000));
    let details = lab.get(&format!("{path}/report")).await.refused(ErrorKind::Conflict);
    assert!(details.detail.contains("running"), "{details:?}");
    lab.world.gate.notify_one();
    lab.ended(id).await;
    let ended: EvaluationView = lab.get(&path).await.good().json();
    assert_eq!(ended.summary.verdict.unwrap().outcome, Outcome::Pass);
    assert_eq!(ended.runs[0].ending.as_deref(), Some("judged"));

    let listed: Page<ArtifactView> = lab.get(&format!("{path}/artifacts")).await.good().json();
    let text = b"wait for it";
    assert_eq!((listed.items[0].name.as_str(), listed.items[0].size), (ARTIFACT, 11));
    assert_eq!(listed.items[0].sha256, BlobId::of(text));
    let path = format!("{path}/artifacts/{ARTIFACT}");
    let file = lab.get(&path).await.good();
    assert_eq!(file.body, text);
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("x-content-type-options", "nosniff"),
        ("content-disposition", "attachment"),
        ("etag", &format!("\"{}\"", BlobId::of(text))),
    ] {
        assert_eq!(file.headers[name], value);
    }
    let etag = file.headers["etag"].to_str().unwrap();
    let again = lab.ask(with("if-none-match", etag, request(Method::GET, &path))).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let details = lab.get(&path.replace(ARTIFACT, "x")).await.refused(ErrorKind::NotFound);
    assert_eq!(details.accepted.as_deref(), Some(ARTIFACT));
    lab.get(&path.replace(ARTIFACT, "..%2f..%2fetc%2fpasswd")).await.refused(ErrorKind::NotFound);
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_one_was() {
    let lab = Lab::new().await;
    let body = submission(&["one", "two"]);
    let first = lab.ask(with("idempotency-key", "k", post(&body))).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let first: SubmissionView = first.json();
    let again = lab.ask(with("idempotency-key", "k", post(&body))).await;
    assert_eq!(again.status, StatusCode::OK);
    let again: SubmissionView = again.json();
    assert_eq!((again.summary.id, &again.evaluations), (first.summary.id, &first.evaluations));
    let other = with("idempotency-key", "k", post(&submission(&["one", "three"])));
    lab.ask(other).await.refused(ErrorKind::KeyReused);
    let all: Page<Value> = lab.get("/v1/submissions").await.json();
    assert_eq!(all.items.len(), 1);
    // Somebody else's keys are their own.
    let token = lab.token(&filbench_store::Scope::ALL).await;
    let theirs = crate::common::by(&token, with("idempotency-key", "k", post(&body)));
    assert_eq!(lab.ask(theirs).await.status, StatusCode::CREATED);
    let long = with("idempotency-key", &"k".repeat(256), post(&body));
    lab.ask(crate::common::by(&token, long)).await.refused(ErrorKind::Invalid);
}

#[tokio::test]
async fn cancelling_ends_what_has_not_ended() {
    let lab = Lab::new().await;
    let view = lab.submit(&["done", "wait a", "wait b", "never begun"]).await;
    let ids = &view.evaluations;
    lab.ended(&ids[0]).await;
    lab.until(&ids[1], "started").await;
    let one = request(Method::DELETE, &format!("/v1/evaluations/{}", ids[3]));
    let cancelled: CancelView = lab.ask(one).await.good().json();
    assert_eq!(cancelled, CancelView { cancelled: 1, over: 0 });
    let path = format!("/v1/submissions/{}", view.summary.id);
    let cancelled: CancelView = lab.ask(request(Method::DELETE, &path)).await.good().json();
    assert_eq!(cancelled, CancelView { cancelled: 2, over: 2 });
    for id in ids {
        lab.ended(id).await;
    }
    let endings: Vec<Option<String>> = {
        let page: Page<EvaluationSummary> = lab.get(&format!("{path}/evaluations")).await.json();
        page.items.into_iter().map(|e| e.ending).collect()
    };
    let expected = ["judged", "cancelled", "cancelled", "cancelled"];
    assert_eq!(endings, expected.map(|ending| Some(ending.to_owned())));
    let again: CancelView = lab.ask(request(Method::DELETE, &path)).await.good().json();
    assert_eq!(again, CancelView { cancelled: 0, over: 4 });
    let report = lab.get(&format!("/v1/evaluations/{}/report", ids[1])).await;
    assert!(report.refused(ErrorKind::Conflict).detail.contains("cancelled"));
    for path in [
        format!("/v1/evaluations/{}", EvaluationId::new()),
        format!("/v1/submissions/{}", SubmissionId::new()),
        "/v1/submissions/sub_x".to_owned(),
    ] {
        lab.ask(request(Method::DELETE, &path)).await.refused(ErrorKind::NotFound);
    }
}

const BOUNDARY: &str = "----7f";

/// A form of parts: name, file name, contents.
pub fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, contents) in parts {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        body.extend(
            format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n"
            )
            .into_bytes(),
        );
        body.extend(*contents);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

pub fn post_form(body: Vec<u8>) -> axum::http::Request<Body> {
    let mut request = request(Method::POST, "/v1/submissions");
    *request.body_mut() = Body::from(body);
    let value = format!("multipart/form-data; boundary={BOUNDARY}");
    with("content-type", &value, request)
}

pub const PROBLEM: [(&str, Option<&str>, &[u8]); 2] = [
    ("problem", Some("p_ref.sv"), b"module RefModule; endmodule"),
    ("problem", Some("p_test.sv"), b"module tb; endmodule"),
];

#[tokio::test]
async fn a_form_submits_one_candidate() {
    let lab = Lab::new().await;
    let mut parts = PROBLEM.to_vec();
    parts.extend([
        ("candidate", Some("z.v"), &b"first"[..]),
        ("candidate", Some("a.v"), b"second"),
        ("tier", None, b"synth"),
        ("options", None, b"{\"seed\": 3}"),
        ("shared", None, b"true"),
        ("top", None, b"Mine"),
        ("compare", None, b"every_step"),
    ]);
    let view: SubmissionView = lab.ask(post_form(form(&parts))).await.good().json();
    assert!(view.summary.shared);
    let row = lab.store().evaluation(&view.evaluations[0]).await.unwrap();
    assert_eq!((row.problem_name.as_str(), row.tier.as_str()), ("p", "synth"));
    assert_eq!(row.options["seed"], 3);
    let candidate = lab.store().blob(&row.candidate).await.unwrap().unwrap();
    let candidate: Value = serde_json::from_slice(&candidate).unwrap();
    // In the order of coming, which matters to VHDL.
    assert_eq!(
        candidate,
        json!({"top": "Mine", "files": [
            {"name": "z.v", "contents": "first"}, {"name": "a.v", "contents": "second"},
        ]})
    );
}

#[tokio::test]
async fn problems_come_from_suites_as_well() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["Prob1_ref.sv", "Prob1_test.sv", "Prob2_ref.sv", "Prob2_test.sv"] {
        std::fs::write(folder.path().join(name), "module m; endmodule").unwrap();
    }
    let lab = Lab::with(|config| {
        config.suites.insert("mine".to_owned(), folder.path().to_owned());
        config.suites.insert("gone".to_owned(), folder.path().join("gone"));
    })
    .await;
    let suites: Value = lab.get("/v1/suites").await.good().json();
    let summary = json!({"name": "mine", "layout": "verilog-eval", "problem_count": 2});
    assert_eq!(suites, json!({"items": [summary]}));
    let suite: Value = lab.get("/v1/suites/mine").await.good().json();
    assert_eq!(suite["problems"], json!([{"name": "Prob1"}, {"name": "Prob2"}]));
    lab.get("/v1/suites/gone").await.refused(ErrorKind::Conflict);
    let details = lab.get("/v1/suites/x").await.refused(ErrorKind::NotFound);
    assert_eq!(details.accepted.as_deref(), Some("`gone`, `mine`"));

    let order = |suite: &str, problem: &str| {
        json!({"evaluations": [{
            "problem": {"suite": suite, "problem": problem},
            "files": [{"name": "c.v", "contents": "x"}],
        }]})
    };
    for (suite, problem, would_do) in [("mine", "Prob3", "`Prob1`"), ("yours", "Prob1", "`mine`")] {
        let details = lab.ask(post(&order(suite, problem))).await.refused(ErrorKind::Invalid);
        assert!(details.accepted.unwrap().contains(would_do));
    }
    lab.is_untouched().await;
    let view: SubmissionView = lab.ask(post(&order("mine", "Prob2"))).await.good().json();
    lab.ended(&view.evaluations[0]).await;
    let row = lab.store().evaluation(&view.evaluations[0]).await.unwrap();
    assert_eq!(row.problem_name, "Prob2");
}
