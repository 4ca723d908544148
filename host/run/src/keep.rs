//! Files of the cache: written whole or not at all.

use filbench_toolbox::CacheFolder;
use serde::Serialize;
use std::io;

/// Writes `value` as the file `name` of `folder`, safe with several processes at it.
pub(crate) fn json(folder: &CacheFolder, name: &str, value: &impl Serialize) -> io::Result<()> {
    folder.write(name, &serde_json::to_vec_pretty(value)?)
}
