//! `filbench serve`.

use crate::args::ServeArgs;
use crate::output::tell;
use crate::run::interrupted;
use crate::systemd;
use crate::usage::Usage;
use anyhow::Context as _;
use filbench_api::{Settings, WithoutToken, router};
use filbench_daemon::Daemon;
use filbench_run::{Context, ContextConfig};
use filbench_store::Store;
use sd_notify::NotifyState;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;

/// How long the rest of the program may take to end.
const PUT_AWAY: Duration = Duration::from_secs(5);

/// Serves until a signal ends it; what runs then may end, and the rest is queued again.
pub fn run(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    let settings = settings(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime; are threads forbidden here?")?;
    let served = runtime.block_on(serve(&settings));
    runtime.shutdown_timeout(PUT_AWAY);
    served.map(|()| ExitCode::SUCCESS)
}

fn settings(args: &ServeArgs) -> Result<Settings, Usage> {
    let mut flags = BTreeMap::new();
    if let Some(listen) = args.listen {
        flags.insert("listen", listen.to_string());
    }
    if let Some(data) = &args.data {
        flags.insert("data", data.to_string_lossy().into_owned());
    }
    Settings::read(args.config.as_deref(), &flags).map_err(|error| Usage::Serve(error.to_string()))
}

async fn serve(settings: &Settings) -> anyhow::Result<()> {
    let data = settings.data();
    let store = Store::open(&data).await?;
    let api = settings.api();
    let has_tokens = store.has_tokens().await?;
    if !has_tokens && api.without_token == WithoutToken::Refused {
        return Err(Usage::Serve(format!(
            "{} is no loopback address, and there is no token\n  type `filbench token create NAME \
             --scope admin --data {}` first",
            settings.listen,
            data.display()
        ))
        .into());
    }
    let listener = TcpListener::bind(settings.listen).await.with_context(|| {
        format!("cannot listen on {}; try `--listen ADDRESS:PORT`", settings.listen)
    })?;
    let address = listener.local_addr()?;
    let cache = filbench_toolbox::cache_root();
    let context = Context::open(ContextConfig {
        cache,
        program: None,
        tools: filbench_toolbox::EdaTools::Wasm,
    })
    .map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let daemon = Daemon::start(settings.daemon(), store, context).await?;
    let limits = api.limits.clone();
    let router = router(daemon.clone(), api);
    tell(format_args!("filbench serves http://{address} from {}", data.display()));
    if !has_tokens {
        tell(format_args!(
            "there is no token: everybody on this host is `local` and may do everything; \
             `filbench token create` ends that"
        ));
    }
    systemd::tell(NotifyState::Ready);
    let watchdog = tokio::spawn(systemd::watch(daemon.clone()));
    let drained = async {
        interrupted().await;
        systemd::tell(NotifyState::Stopping);
        tell(format_args!("ending: what runs has {} s", settings.drain_s));
        // Status is answered meanwhile, and events are told to their end.
        daemon.drain(Duration::from_secs(settings.drain_s)).await;
    };
    filbench_api::serve(listener, router, &limits, drained).await;
    watchdog.abort();
    Ok(())
}
