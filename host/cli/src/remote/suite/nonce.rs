//! The word that a run's submissions have in their keys.
//!
//! It is in the run's folder before anything is submitted, so that a resumed run asks the
//! server for the same thing and finds what it submitted before.

use crate::args::SuiteRunArgs;
use crate::output::tell;
use anyhow::Context as _;
use filbench_client::fresh_key;
use serde::{Deserialize, Serialize};

/// The file within the run's folder.
const SERVER: &str = "server.json";

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct At {
    server: String,
    key: String,
}

/// That of the resumed run, or a new one.
pub(super) fn of(args: &SuiteRunArgs) -> anyhow::Result<String> {
    let Some(dir) = &args.out else { return Ok(fresh_key()) };
    let path = dir.join(SERVER);
    let server = args.server.server.clone().unwrap_or_default();
    if args.resume {
        match std::fs::read(&path).map(|text| serde_json::from_slice::<At>(&text)) {
            Ok(Ok(at)) if at.server == server => return Ok(at.key),
            Ok(Ok(at)) => tell(format_args!(
                "the interrupted run was at {}; what it did not fetch is submitted anew",
                at.server
            )),
            Ok(Err(_)) | Err(_) => {}
        }
    }
    let at = At { server, key: fresh_key() };
    let text = serde_json::to_string(&at).context("the address cannot be written")?;
    std::fs::write(&path, text + "\n")
        .with_context(|| format!("cannot write {}; is there room?", path.display()))?;
    Ok(at.key)
}
