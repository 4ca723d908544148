//! Which handler is where, and what is around them all.

use crate::auth::Caller;
use crate::config::ApiConfig;
use crate::error::{ApiError, ErrorKind};
use crate::extract::SMALL;
use crate::pages::{docs, overview};
use crate::routes::submissions::IDEMPOTENCY_KEY;
use crate::routes::{
    artifacts, boards, evaluations, events, health, leases, me, metrics, results, submissions,
    suites, tokens, uart,
};
use crate::state::Api;
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use filbench_daemon::Daemon;
use std::any::Any;
use std::time::Instant;
use tokio::sync::OwnedSemaphorePermit;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The API of `daemon`.
pub fn router(daemon: Daemon, config: ApiConfig) -> Router {
    let api = Api::new(daemon, config);
    let (open, _) = open().split_for_parts();
    let (guarded, _) = guarded().split_for_parts();
    let (submitting, _) = submitting().split_for_parts();
    let (loading, _) = loading().split_for_parts();
    let body_max = api.config.limits.body_bytes;
    let guarded = guarded
        .layer(DefaultBodyLimit::max(SMALL))
        .merge(submitting.layer(DefaultBodyLimit::max(body_max)))
        .merge(loading.layer(DefaultBodyLimit::max(leases::BITSTREAM_MAX)))
        .route_layer(from_fn_with_state(api.clone(), admit));
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    open.merge(guarded)
        .fallback(nothing_there)
        .method_not_allowed_fallback(not_so)
        .layer(from_fn_with_state(api.clone(), in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(api.clone(), observe))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ))
        .with_state(api)
}

/// Every route, for the description.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    open().merge(guarded()).merge(submitting()).merge(loading())
}

/// For everybody.
fn open() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .merge(docs::docs())
}

/// With large bodies.
fn submitting() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(submissions::submit, submissions::list))
}

/// With bitstreams.
fn loading() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(leases::load))
}

/// For those with a token.
fn guarded() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(me::me))
        .routes(routes!(submissions::show, submissions::cancel))
        .routes(routes!(submissions::evaluations))
        .routes(routes!(results::results))
        .routes(routes!(events::of_submission))
        .routes(routes!(evaluations::list))
        .routes(routes!(evaluations::show, evaluations::cancel))
        .routes(routes!(evaluations::report))
        .routes(routes!(events::of_evaluation))
        .routes(routes!(artifacts::list))
        .routes(routes!(artifacts::show))
        .routes(routes!(boards::list))
        .routes(routes!(boards::show))
        .routes(routes!(boards::quarantine))
        .routes(routes!(boards::test))
        .routes(routes!(leases::take, leases::list))
        .routes(routes!(leases::show, leases::release))
        .routes(routes!(leases::extend))
        .routes(routes!(uart::read, uart::write))
        .routes(routes!(suites::list))
        .routes(routes!(suites::show))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(metrics::metrics))
        .routes(routes!(overview::overview))
}

/// Lets a request in: its sender is known, and has not too much under way.
async fn admit(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admitted(&api, &parts).await {
        Ok((caller, permit)) => {
            parts.extensions.insert(caller);
            let response = next.run(Request::from_parts(parts, body)).await;
            drop(permit);
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn admitted(api: &Api, parts: &Parts) -> Result<(Caller, OwnedSemaphorePermit), ApiError> {
    let caller = api.caller(&parts.method, &parts.uri, &parts.headers).await?;
    if !repeats(api, &caller.owner, parts).await? {
        api.limiter.count(&caller.owner)?;
    }
    let permit = api.limiter.request(&caller.owner).await?;
    Ok((caller, permit))
}

/// Whether it is a submission that was made before; whoever asks what became of it is told.
async fn repeats(api: &Api, owner: &str, parts: &Parts) -> Result<bool, ApiError> {
    let key = parts.headers.get(&IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok());
    match key {
        Some(key) if parts.method == Method::POST && parts.uri.path() == "/v1/submissions" => {
            Ok(api.store().knows_key(owner, key).await?)
        }
        _ => Ok(false),
    }
}

/// Gives up on a request that takes too long, its body included.
async fn in_time(State(api): State<Api>, request: Request, next: Next) -> Response {
    let patience = api.patience();
    tokio::time::timeout(patience, next.run(request)).await.unwrap_or_else(|_| {
        ApiError::new(
            ErrorKind::TimedOut,
            format!("the request was not done in {} s", patience.as_secs()),
        )
        .into_response()
    })
}

/// Counts and logs. **Of the request only method and route are told**: paths, queries,
/// headers and bodies may have what is nobody's business.
async fn observe(State(api): State<Api>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = match *request.method() {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::DELETE => {
            request.method().to_string()
        }
        _ => "OTHER".to_owned(),
    };
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    api.metrics.answered(&method, &route, status, took);
    tracing::debug!(
        http.method = method,
        http.route = route,
        http.status = status,
        http.ms = took.as_millis() as u64,
        "answered"
    );
    response
}

async fn nothing_there(request: Request) -> ApiError {
    ApiError::new(ErrorKind::NotFound, format!("there is nothing at {}", request.uri().path()))
        .accepting("the routes that /docs lists")
}

async fn not_so(request: Request) -> ApiError {
    let (method, path) = (request.method(), request.uri().path());
    ApiError::new(ErrorKind::MethodNotAllowed, format!("{path} does not know {method}"))
        .accepting("the methods in the `Allow` header")
}

/// The panic itself is in the log: the hook wrote it.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked; please report it");
    ApiError::new(ErrorKind::Internal, "filbench could not do this; its log says why")
        .into_response()
}
