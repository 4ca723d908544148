//! What people and meters read.

use crate::common::Lab;
use filbench_api::ErrorKind;

#[tokio::test]
async fn pages_need_no_script_and_hide_nothing_in_markup() {
    let lab = Lab::new().await;
    let view = lab.submit(&["one"]).await;
    lab.ended(&view.evaluations[0]).await;
    lab.daemon.quarantine("b1", "<script>alert(1)</script>").await.unwrap();
    for path in ["/", "/docs"] {
        let page = lab.get(path).await.good();
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        let text = page.text();
        assert!(!text.contains("<script") && !text.contains("http://"), "{text}");
    }
    let overview = lab.get("/").await.text();
    assert!(overview.contains(view.evaluations[0].as_str()) && overview.contains("echoed"));
    let docs = lab.get("/docs").await.text();
    for kind in ErrorKind::ALL {
        assert!(docs.contains(&format!("id=\"error-{}\"", kind.name())));
    }
    assert!(docs.contains("id=\"type-SubmitRequest\""));
}

#[tokio::test]
async fn meters_read_how_the_lab_stands() {
    let lab = Lab::new().await;
    let view = lab.submit(&["one", "wrong"]).await;
    for id in &view.evaluations {
        lab.ended(id).await;
    }
    lab.get("/v1/x").await;
    let answer = lab.get("/metrics").await.good();
    let kind = answer.headers["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = answer.text();
    for line in [
        "filbench_evaluations{state=\"ended\"} 2.0",
        "filbench_boards{state=\"free\"} 2.0",
        "filbench_verdicts{ending=\"judged\",outcome=\"fail\",stage=\"mismatch\"} 1.0",
        "filbench_http_requests_total{method=\"POST\",route=\"/v1/submissions\",status=\"201\"} 1",
        "filbench_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
