//! Events, and going on after a break.

use crate::common::{Lab, request, with};
use axum::http::{Method, StatusCode};
use filbench_api::ErrorKind;
use filbench_api::types::EventView;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// The events in a stream's text; each has its id and kind outside as well.
fn events(text: &str) -> Vec<EventView> {
    let mut events = Vec::new();
    for block in text.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':')) {
        let field =
            |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let event: EventView = serde_json::from_str(field("data").unwrap()).unwrap();
        assert_eq!(field("event"), Some(event.kind.as_str()));
        assert_eq!(field("id").map(|id| id.parse().unwrap()), event.id);
        events.push(event);
    }
    events
}

#[tokio::test]
async fn whoever_comes_back_misses_nothing_and_hears_nothing_twice() {
    let lab = Lab::new().await;
    let view = lab.submit(&["wait 1", "two", "three"]).await;
    let path = format!("/v1/submissions/{}/events", view.summary.id);
    // Reads until the first one runs, and loses the connection.
    let response = lab.router.clone().oneshot(request(Method::GET, &path)).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut body, mut text) = (response.into_body(), String::new());
    while !text.contains("event: started") {
        let frame = body.frame().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    drop(body);
    let mut heard = events(&text);
    let last = heard.last().unwrap().id.unwrap().to_string();
    lab.world.gate.notify_one();
    let rest = with("last-event-id", &last, request(Method::GET, &path));
    heard.extend(events(&lab.ask(rest).await.good().text()));
    let ids: Vec<i64> = heard.iter().filter_map(|event| event.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
    let whole = events(&lab.get(&path).await.good().text());
    let all: Vec<i64> = whole.iter().filter_map(|event| event.id).collect();
    assert_eq!(ids, all);
    assert_eq!(heard.iter().filter(|event| event.is_last()).count(), 3);

    // The same by the query; the header has the last word.
    let after = format!("{path}?after={}", all[2]);
    assert_eq!(events(&lab.get(&after).await.good().text())[0].id, Some(all[3]));
    let both = with("last-event-id", &all[4].to_string(), request(Method::GET, &after));
    assert_eq!(events(&lab.ask(both).await.good().text())[0].id, Some(all[5]));
    let over = format!("{path}?after={}", all.last().unwrap());
    assert_eq!(lab.get(&over).await.status, StatusCode::NO_CONTENT);

    for wrong in ["x", "-1", "1.5", "99999999999999999999"] {
        let request = with("last-event-id", wrong, request(Method::GET, &path));
        lab.ask(request).await.refused(ErrorKind::Invalid);
        lab.get(&format!("{path}?after={wrong}")).await.refused(ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn streams_end_with_the_evaluation_and_with_the_daemon() {
    let lab = Lab::new().await;
    let view = lab.submit(&["one", "wait"]).await;
    let path = |n: usize| format!("/v1/evaluations/{}/events", view.evaluations[n]);
    let one = events(&lab.get(&path(0)).await.good().text());
    assert_eq!((one[0].kind.as_str(), one.last().unwrap().is_last()), ("queued", true));
    assert!(one.iter().all(|event| event.evaluation == view.evaluations[0]));
    // One that waits for the gate is handed back when the daemon ends.
    let path = path(1);
    let (told, ()) = tokio::join!(lab.get(&path), async {
        lab.until(&view.evaluations[1], "started").await;
        lab.daemon.drain(std::time::Duration::ZERO).await;
    });
    let told = events(&told.good().text());
    assert_eq!(told.last().unwrap().kind, "requeued");
    lab.get("/readyz").await.refused(ErrorKind::Unavailable);
    lab.get("/healthz").await.good();
    let answer = lab.get("/v1/submissions").await;
    answer.refused(ErrorKind::Unavailable);
    assert!(answer.headers.contains_key("retry-after"));
}
