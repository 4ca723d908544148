//! Requests: made, made again, and their answers read.

use crate::address::Address;
use crate::{ClientError, Retry, Token};
use bytes::{Bytes, BytesMut};
use filbench_api::{PROBLEM_JSON, ProblemDetails};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// An answer has at most this many bytes; a bitstream has a hundredth.
const ANSWER_BYTES_MAX: usize = 512 << 20;
/// How much of a foreign answer is shown.
const EXCERPT: usize = 200;
/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(10);

/// Where a server is, and how it is spoken to.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Such as `http://127.0.0.1:8470`.
    pub server: String,
    /// Shown with each request.
    pub token: Option<Token>,
    /// When requests are made again.
    pub retry: Retry,
    /// A connection on which nothing comes for so long is given up. Event streams say
    /// something every 15 s, and no request waits longer than that.
    pub silence: Duration,
}

impl ClientConfig {
    /// The usual way to speak to `server`, without a token.
    pub fn new(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            token: None,
            retry: Retry::default(),
            silence: Duration::from_secs(60),
        }
    }
}

/// A lab's server, seen from a client; cheap to clone.
///
/// **A request that the server may have carried out is made again only where a second time
/// changes nothing**: reading, deleting, and submitting with a key.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    address: Address,
    token: Option<Token>,
    retry: Retry,
    has_answered: AtomicBool,
}

/// A request, as often as it is made.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    body: Option<(&'static str, Bytes)>,
    is_idempotent: bool,
}

impl Call {
    /// What was tried, for messages.
    pub(crate) fn tried(&self) -> String {
        format!("{} {}", self.method, self.url)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, ClientError> {
        let json = serde_json::to_vec(body).map_err(|source| ClientError::Request { source })?;
        self.body = Some(("application/json", json.into()));
        Ok(self)
    }

    pub(crate) fn bytes(mut self, body: Bytes) -> Self {
        self.body = Some(("application/octet-stream", body));
        self
    }

    /// A second time changes nothing.
    pub(crate) fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self
    }
}

/// An answer that is a success.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    tried: String,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body)
            .map_err(|source| ClientError::Unreadable { tried: self.tried.clone(), source })
    }
}

/// Why an attempt came to nothing.
pub(crate) enum Failed {
    /// It may be tried again, if that is allowed, after the time that the server asked for.
    ForNow { error: ClientError, asked: Option<Duration>, was_not_done: bool },
    /// It would come to the same.
    ForGood(ClientError),
}

impl Client {
    /// A client; no connection is made yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(config: ClientConfig) -> Result<Self, ClientError> {
        let ClientConfig { server, token, retry, silence } = config;
        let address = Address::parse(&server)?;
        // Fails where another part of the program has installed one already.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("filbench/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(silence);
        if address.is_loopback() {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|source| ClientError::SetUp { source })?;
        let has_answered = AtomicBool::new(false);
        let inner = Inner { http, address, token, retry, has_answered };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        self.inner.address.as_str()
    }

    pub(crate) fn get(&self, parts: &[&str], query: &[(&str, String)]) -> Call {
        self.call(Method::GET, parts, query).idempotent()
    }

    pub(crate) fn call(&self, method: Method, parts: &[&str], query: &[(&str, String)]) -> Call {
        let is_idempotent = method == Method::DELETE;
        let url = self.inner.address.of(parts, query);
        Call { method, url, headers: Vec::new(), body: None, is_idempotent }
    }

    /// Makes a request, as often as it takes, and reads the whole answer.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, ClientError> {
        let mut failures = Failures::default();
        loop {
            match self.attempt(call).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failures.pause(self, call, failed).await?,
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Failed> {
        let mut response = self.open(call).await?;
        let headers = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| lost(call, error))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                let tried = call.tried();
                let bytes_max = ANSWER_BYTES_MAX;
                return Err(Failed::ForGood(ClientError::TooLarge { tried, bytes_max }));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { headers, body: body.freeze(), tried: call.tried() })
    }

    /// Makes a request once; its answer has begun and is a success.
    pub(crate) async fn open(&self, call: &Call) -> Result<Response, Failed> {
        let request = self.request(call);
        let response = request.send().await.map_err(|error| lost(call, error))?;
        self.inner.has_answered.store(true, Ordering::Relaxed);
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(refused(call, response).await)
        }
    }

    fn request(&self, call: &Call) -> RequestBuilder {
        let Inner { http, token, .. } = &*self.inner;
        let mut request = http.request(call.method.clone(), call.url.clone());
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token.secret());
        }
        if let Some((media_type, body)) = &call.body {
            request = request.header(CONTENT_TYPE, *media_type).body(body.clone());
        }
        request
    }
}

/// Failures of one request, one after another.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    count: u32,
    first: Option<Instant>,
}

impl Failures {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// The failure, where there shall be none.
    pub(crate) async fn pause(
        &mut self,
        client: &Client,
        call: &Call,
        failed: Failed,
    ) -> Result<(), ClientError> {
        let (mut error, asked, was_not_done) = match failed {
            Failed::ForNow { error, asked, was_not_done } => (error, asked, was_not_done),
            Failed::ForGood(error) => return Err(error),
        };
        self.count += 1;
        if let ClientError::Unreachable { attempts, .. } = &mut error {
            *attempts = self.count;
        }
        if !call.is_idempotent && !was_not_done {
            return Err(error);
        }
        let since = self.first.get_or_insert_with(Instant::now).elapsed();
        let Inner { retry, has_answered, .. } = &*client.inner;
        let has_answered = has_answered.load(Ordering::Relaxed);
        let Some(pause) = retry.pause(self.count, since, asked, has_answered) else {
            return Err(error);
        };
        tracing::debug!(%error, pause_ms = pause.as_millis(), "a request is made again");
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// A connection that was not there or broke.
pub(crate) fn lost(call: &Call, source: reqwest::Error) -> Failed {
    // A request that cannot be written will not be the next time either.
    let is_builder = source.is_builder();
    let was_not_done = source.is_connect();
    // The address is told once.
    let source = source.without_url();
    let error = ClientError::Unreachable { tried: call.tried(), attempts: 1, source };
    if is_builder {
        Failed::ForGood(error)
    } else {
        Failed::ForNow { error, asked: None, was_not_done }
    }
}

/// An answer that is no success.
async fn refused(call: &Call, mut response: Response) -> Failed {
    let status = response.status();
    let asked = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let is_ours = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(PROBLEM_JSON.as_bytes()));
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() < (64 << 10) => body.extend_from_slice(&chunk),
            Ok(_) => break,
            Err(error) => return lost(call, error),
        }
    }
    let tried = call.tried();
    let error = match serde_json::from_slice::<ProblemDetails>(&body) {
        Ok(problem) if is_ours => ClientError::Refused { tried, problem: Box::new(problem) },
        _ => ClientError::Foreign {
            tried,
            status: status.as_u16(),
            excerpt: String::from_utf8_lossy(&body).chars().take(EXCERPT).collect(),
        },
    };
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Failed::ForNow { error, asked, was_not_done: true }
        }
        // A proxy that does not reach the server.
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            Failed::ForNow { error, asked, was_not_done: false }
        }
        _ => Failed::ForGood(error),
    }
}
