//! Connections.

use crate::config::ApiLimits;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How long connections may take to end when the server does.
const FAREWELL: Duration = Duration::from_secs(5);
/// After an error that is nobody's in particular, such as too many open files.
const PAUSE: Duration = Duration::from_millis(200);
/// Requests at a time on one HTTP/2 connection.
const H2_STREAMS: u32 = 64;
/// An HTTP/2 peer that does not answer is gone.
const H2_PING: Duration = Duration::from_secs(30);

/// Serves `router` on `listener` until `shutdown`; requests under way are then answered.
///
/// A peer that does not send its headers in time, or too many of them, loses its
/// connection.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &ApiLimits,
    shutdown: impl Future<Output = ()>,
) {
    let builder = builder(limits);
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = async {
            let room = Arc::clone(&connections).acquire_owned().await;
            (room, listener.accept().await)
        };
        let (room, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Small answers are not to wait for an acknowledgement; it works without as well.
        stream.set_nodelay(true).ok();
        let service = TowerToHyperService::new(router.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection ended badly");
            }
            drop(room);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were cut off");
    }
}

fn builder(limits: &ApiLimits) -> Builder<TokioExecutor> {
    /// hyper asks for this much at least.
    const BUFFER_MIN: usize = 8192;
    let bytes = limits.header_bytes.max(BUFFER_MIN);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_s))
        .max_buf_size(bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(H2_PING))
        .keep_alive_timeout(H2_PING)
        .max_concurrent_streams(H2_STREAMS)
        .max_header_list_size(u32::try_from(bytes).unwrap_or(u32::MAX));
    builder
}
