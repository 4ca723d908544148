//! `filbench token`.

use crate::args::{TokenCommand, TokenCreateArgs};
use crate::output::{print, tell};
use filbench_store::{NewToken, Store, TokenRow, default_dir};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Makes, lists or revokes tokens, in the store itself; a daemon may be running.
pub fn run(command: &TokenCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            TokenCommand::Create(args) => create(args).await,
            TokenCommand::List(args) => list(&open(args.data.as_ref()).await?).await,
            TokenCommand::Revoke(args) => {
                let store = open(args.data.as_ref()).await?;
                let token = store.revoke_token(&args.id).await?;
                tell(format_args!("{} ({}) is worthless now", token.id, token.name));
                store.close().await;
                Ok(())
            }
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn folder(data: Option<&PathBuf>) -> PathBuf {
    data.cloned().unwrap_or_else(default_dir)
}

async fn open(data: Option<&PathBuf>) -> anyhow::Result<Store> {
    Ok(Store::open_existing(&folder(data)).await?)
}

/// The first token of a lab comes before its first start.
async fn create(args: &TokenCreateArgs) -> anyhow::Result<()> {
    let store = Store::open(&folder(args.data.as_ref())).await?;
    let new = NewToken {
        name: args.name.clone(),
        scopes: args.scopes.clone(),
        expires_ms: args.days.map(|days| store.now_ms() + i64::from(days) * DAY_MS),
    };
    let (token, secret) = store.create_token(&new).await?;
    tell(format_args!(
        "{} for {}: {}; its secret, this once:",
        token.id,
        token.name,
        scopes(&token)
    ));
    print(&format!("{secret}\n"))?;
    store.close().await;
    Ok(())
}

async fn list(store: &Store) -> anyhow::Result<()> {
    let now = store.now_ms();
    let mut text = String::new();
    for token in store.tokens().await? {
        let state = match (token.revoked_ms, token.expires_ms) {
            (Some(_), _) => "revoked".to_owned(),
            (None, Some(expires)) if expires <= now => "expired".to_owned(),
            (None, Some(expires)) => format!("{} days left", (expires - now) / DAY_MS),
            (None, None) => "good".to_owned(),
        };
        // Writing to a String does not fail.
        writeln!(text, "{}  {:<12}  {:<24}  {}", token.id, state, scopes(&token), token.name).ok();
    }
    print(&text)?;
    store.close().await;
    Ok(())
}

fn scopes(token: &TokenRow) -> String {
    token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",")
}
