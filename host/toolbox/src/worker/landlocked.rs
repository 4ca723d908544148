//! Landlock: which files this process and all it starts can touch from here on.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};
use std::path::Path;

/// The newest kernel interface that is asked for; of an older one, whatever it
/// has. The first already governs all that matters here: who reads, writes,
/// makes and removes files where.
const NEWEST: ABI = ABI::V6;

#[derive(Debug, thiserror::Error)]
pub(crate) enum LandlockError {
    #[error(transparent)]
    Ruleset(#[from] RulesetError),
    #[error(transparent)]
    Path(#[from] landlock::PathFdError),
    #[error("this kernel has no Landlock, or it is switched off")]
    NotEnforced,
}

/// For a guest: it reads `read_only` and reads and writes `dir`. A second wall, behind
/// the guest's own confinement; where it cannot stand, nothing runs.
pub(super) fn confine_guest<'a>(
    read_only: impl Iterator<Item = &'a Path>,
    dir: &Path,
) -> Result<(), LandlockError> {
    let mut rules = vec![(dir, in_job_folder())];
    rules.extend(read_only.map(|path| (path, AccessFs::ReadFile | AccessFs::ReadDir)));
    confine(&rules)
}

/// For code of this program itself: it opens nothing any more.
pub(crate) fn confine_to_nothing() -> Result<(), LandlockError> {
    confine(&[])
}

/// For code of this program itself: it reads and writes `dir`, and nothing else.
pub(super) fn confine_to_folder(dir: &Path) -> Result<(), LandlockError> {
    confine(&[(dir, in_job_folder())])
}

/// For a native tool, whose whole file system is `root`, made for it: it reads
/// and executes all of that, and reads and writes `dir`.
pub(super) fn confine_native(root: &Path, dir: &Path) -> Result<(), LandlockError> {
    confine(&[(root, AccessFs::from_read(NEWEST)), (dir, in_job_folder())])
}

/// No links, pipes, sockets or devices: the caller reads there afterwards.
fn in_job_folder() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::ReadDir
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::RemoveDir
        | AccessFs::Refer
}

fn confine(rules: &[(&Path, BitFlags<AccessFs>)]) -> Result<(), LandlockError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for (path, access) in rules {
        ruleset = ruleset.add_rule(PathBeneath::new(PathFd::new(path)?, *access))?;
    }
    match ruleset.restrict_self()?.ruleset {
        RulesetStatus::NotEnforced => Err(LandlockError::NotEnforced),
        RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced => Ok(()),
    }
}
