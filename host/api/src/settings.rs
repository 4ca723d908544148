//! `filbench serve`'s configuration: defaults, a TOML file over them, `FILBENCH_…` over
//! that, flags over all.

use crate::config::{ApiConfig, ApiLimits, WithoutToken};
use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::value::magic::RelativePathBuf;
use figment::{Figment, Profile};
use filbench_daemon::{BoardConfig, DaemonConfig, Limits};
use filbench_store::Retention;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What variables begin with. `FILBENCH_LIMITS__BATCH` is `batch` in `[limits]`.
const PREFIX: &str = "FILBENCH_";
/// Variables with that prefix that are no settings.
const NO_SETTINGS: [&str; 11] = [
    "cache",
    "config",
    "lease",
    "log",
    "log_format",
    "server",
    "test_folder",
    "token",
    "token_file",
    "update_openapi",
    "update_schema",
];
/// Where the server listens if nothing else is asked for.
pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8470);

/// The configuration of a daemon and its API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address and port.
    pub listen: SocketAddr,
    /// The store's folder.
    #[serde(serialize_with = "RelativePathBuf::serialize_relative")]
    data: RelativePathBuf,
    /// Boards; a virtual one of each kind for each core where there are none.
    pub boards: Vec<BoardConfig>,
    /// Suites by name, for submissions that refer to their problems.
    suites: BTreeMap<String, RelativePathBuf>,
    /// Tools at work at a time; as many as cores where absent.
    pub workers: Option<NonZeroUsize>,
    /// Designs that may share a bitstream.
    pub slots: NonZeroUsize,
    /// Evaluations under way at a time; as many as keep tools and boards busy where absent.
    pub jobs: Option<NonZeroUsize>,
    /// How long what runs may take to end when the daemon does; the rest is queued again.
    pub drain_s: u64,
    /// What clients may ask for.
    pub limits: ApiLimits,
    /// How the lab is looked after.
    pub lab: LabSettings,
    /// How long and how much is kept.
    pub retention: RetentionSettings,
}

/// Times and counts of the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabSettings {
    /// Runs of an evaluation whose lab fails, the first included.
    pub runs: u32,
    /// Faults of a board one after another that put it into quarantine.
    pub faults: u32,
    /// Before a board that failed its test is tested again; doubles each time.
    pub test_after_s: u64,
    /// It does not double past this.
    pub test_after_max_s: u64,
    /// How long a lease lasts unless it is extended, if nothing else is asked for.
    pub lease_s: u64,
    /// The longest that may be asked for.
    pub lease_max_s: u64,
    /// The longest that a lease waits for a board that somebody has.
    pub lease_wait_s: u64,
    /// How long an evaluation may wait for a board.
    pub board_wait_s: u64,
}

/// What is removed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// Whole submissions so many days after their end; 0 for never.
    pub results_days: u64,
    /// Their artifacts and events before that; 0 for never.
    pub artifacts_days: u64,
    /// Bytes of all artifacts; 0 for no limit.
    pub artifacts_bytes: u64,
    /// Uploads that nothing refers to.
    pub unused_days: u64,
}

const DAY_S: u64 = 24 * 60 * 60;

impl Default for Settings {
    fn default() -> Self {
        let DaemonConfig { boards: _, workers: _, slots, jobs, limits, retention } =
            DaemonConfig::virtual_boards();
        Self {
            listen: LISTEN,
            data: filbench_store::default_dir().into(),
            boards: Vec::new(),
            suites: BTreeMap::new(),
            workers: None,
            slots,
            jobs,
            drain_s: 30,
            limits: ApiLimits::default(),
            lab: limits.into(),
            retention: retention.into(),
        }
    }
}

impl From<Limits> for LabSettings {
    fn from(limits: Limits) -> Self {
        let Limits {
            runs,
            retry_after: _,
            faults,
            test_after,
            test_after_max,
            play_lease: _,
            lease,
            lease_max,
            board_wait,
            lease_wait,
        } = limits;
        Self {
            runs,
            faults,
            test_after_s: test_after.as_secs(),
            test_after_max_s: test_after_max.as_secs(),
            lease_s: lease.as_secs(),
            lease_max_s: lease_max.as_secs(),
            lease_wait_s: lease_wait.as_secs(),
            board_wait_s: board_wait.as_secs(),
        }
    }
}

impl From<LabSettings> for Limits {
    fn from(settings: LabSettings) -> Self {
        let LabSettings {
            runs,
            faults,
            test_after_s,
            test_after_max_s,
            lease_s,
            lease_max_s,
            lease_wait_s,
            board_wait_s,
        } = settings;
        Self {
            runs,
            faults,
            test_after: Duration::from_secs(test_after_s),
            test_after_max: Duration::from_secs(test_after_max_s),
            lease: Duration::from_secs(lease_s),
            lease_max: Duration::from_secs(lease_max_s),
            lease_wait: Duration::from_secs(lease_wait_s),
            board_wait: Duration::from_secs(board_wait_s),
            ..Self::default()
        }
    }
}

impl From<Retention> for RetentionSettings {
    fn from(retention: Retention) -> Self {
        let Retention { results_age, artifacts_age, artifacts_bytes, unused_age } = retention;
        let days = |age: Option<Duration>| age.map_or(0, |age| age.as_secs() / DAY_S);
        Self {
            results_days: days(results_age),
            artifacts_days: days(artifacts_age),
            artifacts_bytes: artifacts_bytes.unwrap_or(0),
            unused_days: days(Some(unused_age)),
        }
    }
}

impl From<RetentionSettings> for Retention {
    fn from(settings: RetentionSettings) -> Self {
        let RetentionSettings { results_days, artifacts_days, artifacts_bytes, unused_days } =
            settings;
        let age = |days: u64| Duration::from_secs(days.saturating_mul(DAY_S));
        Self {
            results_age: (results_days > 0).then(|| age(results_days)),
            artifacts_age: (artifacts_days > 0).then(|| age(artifacts_days)),
            artifacts_bytes: (artifacts_bytes > 0).then_some(artifacts_bytes),
            unused_age: age(unused_days),
        }
    }
}

/// A configuration that does not do.
#[derive(Debug, thiserror::Error)]
#[error("the configuration: {}", lines(.0))]
pub struct SettingsError(Box<figment::Error>);

fn lines(error: &figment::Error) -> String {
    error.clone().into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("; ")
}

impl Settings {
    /// Reads `file`, if there is one, and the environment; `flags` have the last word.
    ///
    /// # Errors
    /// When a key is not known or a value is of the wrong kind; says which, and where.
    pub fn read(
        file: Option<&Path>,
        flags: &BTreeMap<&'static str, String>,
    ) -> Result<Self, SettingsError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment
            .merge(Env::prefixed(PREFIX).ignore(&NO_SETTINGS).split("__"))
            .merge(Serialized::defaults(flags))
            .select(Profile::Default)
            .extract()
            .map_err(|error| SettingsError(Box::new(error)))
    }

    /// The store's folder.
    pub fn data(&self) -> PathBuf {
        self.data.relative()
    }

    /// How the daemon works.
    pub fn daemon(&self) -> DaemonConfig {
        let usual = DaemonConfig::virtual_boards();
        DaemonConfig {
            boards: if self.boards.is_empty() { usual.boards } else { self.boards.clone() },
            workers: self.workers.unwrap_or(usual.workers),
            slots: self.slots,
            jobs: self.jobs,
            limits: self.lab.into(),
            retention: self.retention.into(),
        }
    }

    /// What the API offers.
    pub fn api(&self) -> ApiConfig {
        let without_token = match self.listen.ip().is_loopback() {
            true => WithoutToken::Local,
            false => WithoutToken::Refused,
        };
        let suites =
            self.suites.iter().map(|(name, path)| (name.clone(), path.relative())).collect();
        ApiConfig { without_token, limits: self.limits.clone(), suites }
    }
}
