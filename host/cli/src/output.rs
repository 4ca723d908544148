//! What is printed, also where nobody reads, and the folder for the rest.

use crate::usage::Usage;
use rustix::fs::{Access, access};
use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Prints a whole result on stdout. A reader that went away (`| head -1`) has
/// what it wanted.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints a line on stderr, if anybody reads it.
pub fn tell(line: Arguments<'_>) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Makes the folder that `--out` names, or finds that it can be written into:
/// before the work, not after it.
///
/// # Errors
/// When there can be no such folder.
pub fn make_folder(dir: &Path) -> Result<(), Usage> {
    std::fs::create_dir_all(dir)
        .and_then(|()| Ok(access(dir, Access::WRITE_OK | Access::EXEC_OK)?))
        .map_err(|source| Usage::Out { path: dir.to_owned(), source })
}
