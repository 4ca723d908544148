//! How much at a time.

use crate::common::{Lab, request, submission, with, with_json};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use filbench_api::ErrorKind;
use filbench_api::types::SubmissionView;
use serde_json::{Value, json};
use std::num::NonZeroU32;

fn post(body: &Value) -> axum::http::Request<Body> {
    with_json(Method::POST, "/v1/submissions", body)
}

#[tokio::test]
async fn a_batch_a_body_and_files_have_their_limits() {
    let lab = Lab::with(|config| {
        config.limits.batch = 3;
        config.limits.body_bytes = 20_000;
        config.limits.files = 2;
        config.limits.file_bytes = 5_000;
    })
    .await;
    let details = lab.ask(post(&submission(&["x"; 4]))).await.refused(ErrorKind::TooLarge);
    assert!(details.accepted.unwrap().contains("1 to 3"));
    let large = "x".repeat(30_000);
    lab.ask(post(&submission(&[&large]))).await.refused(ErrorKind::TooLarge);
    // Without a length that could be looked at.
    let mut endless = post(&json!({}));
    let chunks = std::iter::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 1000])).take(100);
    *endless.body_mut() = Body::from_stream(futures_util::stream::iter(chunks));
    lab.ask(endless).await.refused(ErrorKind::TooLarge);
    lab.ask(post(&submission(&[&"x".repeat(6_000)]))).await.refused(ErrorKind::TooLarge);
    let mut many = submission(&["x"]);
    let file = |n: usize| json!({"name": format!("{n}.v"), "contents": ""});
    many["evaluations"][0]["files"] = (0..3).map(file).collect();
    lab.ask(post(&many)).await.refused(ErrorKind::TooLarge);
    lab.is_untouched().await;
    lab.ask(post(&submission(&["x"; 3]))).await.good();
}

#[tokio::test]
async fn unended_evaluations_are_counted_but_not_twice() {
    let lab = Lab::with(|config| config.limits.unended_evaluations = 3).await;
    let first = submission(&["wait 1", "wait 2"]);
    let first = || with("idempotency-key", "k", post(&first));
    let view: SubmissionView = lab.ask(first()).await.good().json();
    let answer = lab.ask(post(&submission(&["x", "y"]))).await;
    let details = answer.refused(ErrorKind::RateLimited);
    assert!(details.detail.contains("2 evaluations that have not ended"), "{details:?}");
    assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    lab.ask(post(&submission(&["x"]))).await.good();
    // Whoever asks what became of a request is told.
    let again = lab.ask(first()).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json::<SubmissionView>().summary.id, view.summary.id);
    // Somebody else has a count of their own.
    let token = lab.token(&filbench_store::Scope::ALL).await;
    lab.ask(crate::common::by(&token, post(&submission(&["x", "y"])))).await.good();
}

#[tokio::test]
async fn requests_that_come_too_fast_are_told_when_to_come_back() {
    let lab = Lab::with(|config| {
        config.limits.requests_per_s = NonZeroU32::MIN;
        config.limits.requests_burst = NonZeroU32::new(3).unwrap();
    })
    .await;
    let body = submission(&["x"]);
    let submit = || with("idempotency-key", "k", post(&body));
    assert_eq!(lab.ask(submit()).await.status, StatusCode::CREATED);
    lab.get("/v1/me").await.good();
    lab.get("/v1/me").await.good();
    let answer = lab.get("/v1/me").await;
    answer.refused(ErrorKind::RateLimited);
    assert_eq!(answer.headers["retry-after"], "1");
    assert_eq!(lab.ask(submit()).await.status, StatusCode::OK);
    // Health is nobody's request.
    lab.get("/healthz").await.good();
}

#[tokio::test]
async fn event_streams_have_a_limit_of_their_own() {
    use tower::ServiceExt as _;
    let lab = Lab::with(|config| config.limits.streams_at_a_time = 1).await;
    let view = lab.submit(&["wait"]).await;
    let path = format!("/v1/evaluations/{}/events", view.evaluations[0]);
    let stream = lab.router.clone().oneshot(request(Method::GET, &path)).await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    lab.get(&path).await.refused(ErrorKind::RateLimited);
    drop(stream);
    lab.world.gate.notify_one();
    lab.get(&path).await.good();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let lab = Lab::with(|config| config.limits.request_s = 1).await;
    let mut request = post(&json!({}));
    *request.body_mut() =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    lab.ask(request).await.refused(ErrorKind::TimedOut);
    lab.is_untouched().await;
}
