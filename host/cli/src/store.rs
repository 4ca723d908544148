//! `filbench store`.

use crate::EXIT_FAULT;
use crate::args::StoreCommand;
use crate::output::{print, tell};
use crate::usage::Usage;
use anyhow::Context as _;
use filbench_store::{Store, StoreError};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

/// Runs one of the subcommands.
pub fn run(command: &StoreCommand) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime; are threads forbidden here?")?;
    runtime.block_on(async {
        match command {
            StoreCommand::Backup { to, data } => backup(&data.dir(), to).await,
            StoreCommand::Restore { from, data } => restore(from, &data.dir()).await,
            StoreCommand::Check { data } => check(&data.dir()).await,
        }
    })
}

/// What somebody typed wrong is told as such.
fn told(error: StoreError) -> anyhow::Error {
    match error {
        StoreError::NoStore { .. } | StoreError::Exists { .. } | StoreError::BadBackup { .. } => {
            Usage::Store(filbench_model::with_causes(&error)).into()
        }
        error => error.into(),
    }
}

async fn backup(data: &Path, to: &Path) -> anyhow::Result<ExitCode> {
    let file = if to.is_dir() { to.join(file_name(SystemTime::now())) } else { to.to_owned() };
    let store = Store::open_existing(data).await.map_err(told)?;
    let saved = store.backup(&file).await;
    store.close().await;
    saved.map_err(told)?;
    print(&format!("{}\n", file.display())).context("cannot print the file's name")?;
    Ok(ExitCode::SUCCESS)
}

/// In UTC; files sort by age.
fn file_name(now: SystemTime) -> PathBuf {
    let text = humantime::format_rfc3339_seconds(now).to_string();
    PathBuf::from(format!("filbench-{}.tar", text.replace([':', '-'], "")))
}

async fn restore(from: &Path, data: &Path) -> anyhow::Result<ExitCode> {
    Store::restore(from, data).await.map_err(told)?;
    print(&format!("{}\n", data.display())).context("cannot print the folder's name")?;
    Ok(ExitCode::SUCCESS)
}

async fn check(data: &Path) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(data).await.map_err(told)?;
    let checked = store.check().await;
    store.close().await;
    let checked = checked?;
    for damage in &checked.damage {
        tell(format_args!("damaged: {damage}"));
    }
    let text = format!("{} evaluations, {} blobs", checked.evaluations, checked.blobs);
    if checked.damage.is_empty() {
        print(&format!("{text}: sound\n")).context("cannot print what was found")?;
        Ok(ExitCode::SUCCESS)
    } else {
        let count = checked.damage.len();
        print(&format!("{text}: {count} damaged; `filbench store restore` brings a backup back\n"))
            .context("cannot print what was found")?;
        Ok(ExitCode::from(EXIT_FAULT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn backups_are_named_after_the_time() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(file_name(now), Path::new("filbench-20231114T221320Z.tar"));
    }
}
