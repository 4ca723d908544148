//! What the log says of requests: nothing that a client sent.

use crate::common::{Lab, by, request, submission, with, with_json};
use axum::http::Method;
use filbench_api::types::Scope;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_token_and_no_design_gets_into_the_log() {
    let log = Log::default();
    let everything = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // The test's only thread; the runtime has no other.
    let _guard = tracing::subscriber::set_default(everything);
    let lab = Lab::new().await;
    let token = lab.token(&[Scope::Admin]).await;
    let secret = "fb_nobodysSecretAtAll";
    let body = submission(&["module rosebud"]);
    lab.ask(by(&token, with_json(Method::POST, "/v1/submissions", &body))).await.good();
    lab.ask(by(secret, request(Method::GET, "/v1/me"))).await;
    lab.ask(with("authorization", secret, request(Method::GET, "/v1/me"))).await;
    lab.ask(by(&token, request(Method::GET, &format!("/v1/me?token={secret}")))).await;
    lab.ask(by(&token, request(Method::GET, &format!("/{secret}")))).await;
    let made = with_json(
        Method::POST,
        "/v1/tokens",
        &serde_json::json!({"name": "ci", "scopes": ["read"]}),
    );
    let made: filbench_api::types::NewTokenView = lab.ask(by(&token, made)).await.good().json();
    lab.daemon.drain(std::time::Duration::ZERO).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/v1/submissions") && log.contains("201"), "it says something: {log}");
    for private in [token.as_str(), secret, made.secret.as_str(), "rosebud"] {
        assert!(!log.contains(private), "{private} is in the log:\n{log}");
    }
}
