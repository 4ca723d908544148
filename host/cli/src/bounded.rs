//! Reading files that may be anything.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The contents of a file of at most `bytes_max` bytes.
///
/// # Errors
/// When it cannot be read, or has more; then it is not read to its end, which
/// a device has not.
pub fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > bytes_max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {} MiB", bytes_max >> 20),
        ));
    }
    Ok(contents)
}
