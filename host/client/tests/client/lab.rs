//! A lab in small: one submission with two evaluations, and faults on demand.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use filbench_api::types::{EvaluationId, SubmissionId};
use filbench_api::{ApiError, ErrorKind};
use filbench_client::{Client, ClientConfig, Retry, Token};
use futures_util::stream;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

pub const SECRET: &str = "fb_0123456789abcdefghij";

/// What befalls the next request, whatever it asks for.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// It is carried out, and its answer breaks off after so many bytes.
    Cut(usize),
    /// It is carried out, and its answer ends in good order after so many bytes.
    End(usize),
    /// It is refused.
    Refuse(ErrorKind, Option<u64>),
    /// It is carried out, and its answer never comes.
    Silence,
    /// A proxy says something.
    Proxy(StatusCode),
}

/// What the lab knows.
#[derive(Default)]
pub struct Known {
    pub faults: VecDeque<Fault>,
    /// Method and path of each request, in order.
    pub seen: Vec<String>,
    /// Submissions by their keys.
    pub keys: BTreeMap<String, SubmissionId>,
    /// `Authorization` and `Last-Event-ID` of each request.
    pub tokens: Vec<Option<String>>,
    pub last_ids: Vec<Option<String>>,
    /// Stored events, as frames of a stream, by their ids.
    pub events: Vec<(i64, String)>,
    pub leases: usize,
    pub has_ended: bool,
}

pub struct Lab {
    pub known: Arc<Mutex<Known>>,
    pub client: Client,
    pub address: std::net::SocketAddr,
    pub submission: SubmissionId,
    pub evaluations: [EvaluationId; 2],
    pub serving: tokio::task::JoinHandle<()>,
}

type Shared = Arc<Mutex<Known>>;

impl Lab {
    pub async fn open() -> Self {
        let known = Shared::default();
        let submission = SubmissionId::new();
        let evaluations = [EvaluationId::new(), EvaluationId::new()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = serve(listener, known.clone());
        let client = client(&format!("http://{address}"));
        let lab = Self { known, client, address, submission, evaluations, serving };
        lab.fill();
        lab
    }

    /// Events of both evaluations, progress between them.
    fn fill(&self) {
        let mut known = self.known.lock().unwrap();
        let mut id = 0;
        let mut frame = |evaluation: &EvaluationId, kind: &str, is_kept: bool| {
            id += i64::from(is_kept);
            let mut data = json!({
                "submission": self.submission, "evaluation": evaluation, "kind": kind,
                "data": {"note": "ä → ü"}
            });
            let mut text = String::new();
            if is_kept {
                data["id"] = id.into();
                data["at_ms"] = 5.into();
                text += &format!("id: {id}\n");
            }
            text += &format!("event: {kind}\ndata: {data}\n\n");
            (id, text)
        };
        let [a, b] = &self.evaluations;
        known.events = vec![
            frame(a, "queued", true),
            frame(b, "queued", true),
            (0, ": keep-alive\n\n".to_owned()),
            frame(a, "started", true),
            frame(a, "progress", false),
            frame(a, "ended", true),
            frame(b, "started", true),
            frame(b, "ended", true),
        ];
        known.has_ended = true;
    }

    pub fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.known.lock().unwrap().faults = faults.into_iter().collect();
    }

    pub fn seen(&self) -> Vec<String> {
        std::mem::take(&mut self.known.lock().unwrap().seen)
    }
}

/// A client without patience for pauses.
pub fn client(server: &str) -> Client {
    let retry = Retry {
        first: Duration::from_millis(1),
        longest: Duration::from_millis(20),
        patience: Duration::from_secs(5),
        first_patience: Duration::from_millis(300),
    };
    let token = Some(Token::new(SECRET, "here").unwrap());
    let silence = Duration::from_millis(300);
    Client::new(ClientConfig { token, retry, silence, ..ClientConfig::new(server) }).unwrap()
}

pub fn serve(listener: TcpListener, known: Shared) -> tokio::task::JoinHandle<()> {
    let router = Router::new()
        .route("/v1/submissions", post(submit))
        .route("/v1/submissions/{id}", get(submission).delete(cancel))
        .route("/v1/submissions/{id}/events", get(events))
        .route("/v1/boards", get(boards))
        .route("/v1/leases", post(take))
        .layer(middleware::from_fn_with_state(known.clone(), fault))
        .with_state(known);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

/// Counts the request, and lets the next fault befall it.
async fn fault(State(known): State<Shared>, request: Request, next: Next) -> Response {
    let fault = {
        let text = |name: &str| {
            let value = request.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let mut known = known.lock().unwrap();
        known.seen.push(format!("{} {}", request.method(), request.uri().path()));
        known.tokens.push(text("authorization"));
        known.last_ids.push(text("last-event-id"));
        known.faults.pop_front().unwrap_or(Fault::None)
    };
    match fault {
        Fault::None => next.run(request).await,
        Fault::Cut(bytes) => cut(next.run(request).await, bytes, true).await,
        Fault::End(bytes) => cut(next.run(request).await, bytes, false).await,
        Fault::Refuse(kind, seconds) => {
            let error = ApiError::new(kind, "not that").accepting("this");
            match seconds {
                Some(seconds) => error.retry_after(seconds).into_response(),
                None => error.into_response(),
            }
        }
        Fault::Silence => {
            next.run(request).await;
            std::future::pending().await
        }
        Fault::Proxy(status) => (status, "<html>no backend</html>").into_response(),
    }
}

/// The answer's first bytes, one by one, and then a broken connection.
async fn cut(response: Response, bytes: usize, is_broken: bool) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    // Ends in good order are possible only where the length is not told before.
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut chunks: Vec<io::Result<Bytes>> =
        (0..bytes.min(body.len())).map(|at| Ok(body.slice(at..at + 1))).collect();
    if is_broken {
        chunks.push(Err(io::ErrorKind::ConnectionReset.into()));
    }
    Response::from_parts(parts, Body::from_stream(stream::iter(chunks)))
}

fn view(id: &SubmissionId, has_ended: bool) -> Value {
    let counts = match has_ended {
        true => json!({"queued": 0, "running": 0, "ended": 2}),
        false => json!({"queued": 0, "running": 1, "ended": 1}),
    };
    json!({
        "id": id, "owner": "local", "label": null, "shared": false, "created_ms": 1,
        "counts": counts, "evaluations": []
    })
}

async fn submit(State(known): State<Shared>, headers: HeaderMap, _body: Bytes) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let mut known = known.lock().unwrap();
    let id = known.keys.entry(key).or_insert_with(SubmissionId::new).clone();
    (StatusCode::CREATED, axum::Json(view(&id, false))).into_response()
}

async fn submission(State(known): State<Shared>, Path(id): Path<String>) -> Response {
    let has_ended = known.lock().unwrap().has_ended;
    axum::Json(view(&id.parse().unwrap(), has_ended)).into_response()
}

async fn cancel() -> Response {
    axum::Json(json!({"cancelled": 1, "over": 1})).into_response()
}

async fn events(State(known): State<Shared>, headers: HeaderMap) -> Response {
    let after = headers.get("last-event-id").map_or(0, |id| id.to_str().unwrap().parse().unwrap());
    let known = known.lock().unwrap();
    let text: String = known
        .events
        .iter()
        .filter(|(id, _)| *id > after)
        .map(|(_, frame)| frame.as_str())
        .collect();
    ([(header::CONTENT_TYPE, "text/event-stream")], text).into_response()
}

async fn boards() -> Response {
    axum::Json(json!({ "items": [] })).into_response()
}

async fn take(State(known): State<Shared>, _body: Bytes) -> Response {
    known.lock().unwrap().leases += 1;
    let lease = json!({
        "id": "lease_01ARZ3NDEKTSV4RRFFQ69G5FAV", "board": "icebreaker-v1", "generation": 3,
        "purpose": "interactive", "holder": "local", "created_ms": 1, "expires_ms": 2,
        "ended_ms": null, "ending": null
    });
    (StatusCode::CREATED, axum::Json(lease)).into_response()
}
