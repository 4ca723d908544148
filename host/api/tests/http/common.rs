//! A lab whose API is asked without a network.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use filbench_api::types::{Scope, SubmissionView};
use filbench_api::{ApiConfig, ErrorKind, ProblemDetails, WithoutToken, router};
use filbench_daemon::testing::{FakeEvaluator, FakeShelf, Hand, World};
use filbench_daemon::{BoardConfig, Daemon, DaemonConfig, Limits, Live};
use filbench_store::{Clock, EvaluationId, EventScope, NewToken, Reader, Retention, Store};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tower::ServiceExt as _;

pub struct Lab {
    /// Goes with the lab.
    _dir: TempDir,
    pub clock: Arc<Hand>,
    pub world: Arc<World>,
    pub daemon: Daemon,
    pub router: Router,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A success.
    #[track_caller]
    pub fn good(self) -> Self {
        assert!(self.status.is_success(), "{}: {}", self.status, self.text());
        self
    }

    /// A refusal of this kind, in the right form.
    #[track_caller]
    pub fn refused(&self, kind: ErrorKind) -> ProblemDetails {
        assert_eq!(self.status, kind.status(), "{}", self.text());
        assert_eq!(self.headers[header::CONTENT_TYPE], filbench_api::PROBLEM_JSON);
        let details: ProblemDetails = self.json();
        assert_eq!(details.error_kind(), Some(kind), "{details:?}");
        assert_eq!(details.status, kind.status().as_u16());
        details
    }
}

/// A request without a body.
pub fn request(method: Method, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost:8470")
        .body(Body::empty())
        .unwrap()
}

/// One with JSON.
pub fn with_json(method: Method, path: &str, json: &Value) -> Request<Body> {
    let mut request = request(method, path);
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    *request.body_mut() = Body::from(json.to_string());
    request
}

/// The same with a token.
pub fn by(secret: &str, mut request: Request<Body>) -> Request<Body> {
    let value = format!("Bearer {secret}").parse().unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, value);
    request
}

/// The same with a header.
pub fn with(name: &'static str, value: &str, mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// A submission of candidates, each of which is its text.
pub fn submission(candidates: &[&str]) -> Value {
    let evaluation =
        |text: &&str| json!({"problem": "p", "files": [{"name": "c.v", "contents": text}]});
    json!({
        "problems": {"p": {"files": [
            {"name": "p_ref.sv", "contents": "module RefModule; endmodule"},
            {"name": "p_test.sv", "contents": "module tb; endmodule"},
        ]}},
        "evaluations": candidates.iter().map(evaluation).collect::<Vec<_>>(),
    })
}

impl Lab {
    /// With two boards, and everybody `local` until there is a token.
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut ApiConfig)) -> Self {
        let board = |name: &str| BoardConfig {
            name: name.to_owned(),
            kind: "icebreaker".to_owned(),
            tags: Vec::new(),
        };
        let daemon_config = DaemonConfig {
            boards: vec![board("b1"), board("b2")],
            workers: NonZeroUsize::MIN,
            slots: NonZeroUsize::MIN,
            jobs: NonZeroUsize::new(2),
            limits: Limits { retry_after: Duration::ZERO, ..Limits::default() },
            retention: Retention::default(),
        };
        let dir = tempfile::tempdir().unwrap();
        let (clock, world) = (Arc::new(Hand::at(1_000_000)), Arc::new(World::default()));
        let store =
            Store::open_with_clock(&dir.path().join("store"), Arc::clone(&clock) as Arc<dyn Clock>)
                .await
                .unwrap();
        let evaluator = Arc::new(FakeEvaluator(Arc::clone(&world)));
        let shelf = Arc::new(FakeShelf(Arc::clone(&world)));
        let daemon = Daemon::start_with(daemon_config, store, evaluator, shelf).await.unwrap();
        let mut config = ApiConfig { without_token: WithoutToken::Local, ..ApiConfig::default() };
        change(&mut config);
        let router = router(daemon.clone(), config);
        Self { _dir: dir, clock, world, daemon, router }
    }

    pub fn store(&self) -> &Store {
        self.daemon.store()
    }

    /// A new token's secret.
    pub async fn token(&self, scopes: &[Scope]) -> String {
        let new = NewToken { name: "t".to_owned(), scopes: scopes.to_vec(), expires_ms: None };
        self.store().create_token(&new).await.unwrap().1
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(request(Method::GET, path)).await
    }

    /// Submits candidates as `local`.
    pub async fn submit(&self, candidates: &[&str]) -> SubmissionView {
        let request = with_json(Method::POST, "/v1/submissions", &submission(candidates));
        self.ask(request).await.good().json()
    }

    pub async fn ended(&self, id: &EvaluationId) {
        self.until(id, "ended").await;
    }

    /// Waits until an event of this kind has come.
    pub async fn until(&self, id: &EvaluationId, kind: &str) {
        let mut stream = self.daemon.subscribe(EventScope::Evaluation(id.clone()), 0);
        while let Some(event) = stream.next().await.unwrap() {
            if matches!(event, Live::Stored(event) if event.kind == kind) {
                return;
            }
        }
        panic!("{id} ended without `{kind}`");
    }

    /// Nothing was submitted, and no blob was kept.
    pub async fn is_untouched(&self) {
        let submissions = self.store().submissions(&Reader::All, None, 10).await.unwrap();
        assert_eq!(submissions, []);
        self.clock.forward(Duration::from_secs(1));
        let all = Retention { unused_age: Duration::ZERO, ..Retention::default() };
        assert_eq!(self.store().retain(&all).await.unwrap().blobs, 0);
    }
}
