//! Files that a client sent: their names, and how many and how large they may be.

use crate::error::{ApiError, ErrorKind};
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// A name may have this many bytes.
const NAME_BYTES_MAX: usize = 255;
/// And this many parts.
const NAME_PARTS_MAX: usize = 16;

/// How many files there may be, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Files.
    pub files_max: usize,
    /// Bytes of all files together, unpacked.
    pub bytes_max: u64,
}

/// A name, or a file, that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The name could lead out of the folder, or is none on some system.
    #[error("the file name {name:?} {why}")]
    Name {
        /// As sent.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Two files have the same name, or one is the folder of another.
    #[error("the file name {name:?} is there twice, or is the folder of another file")]
    Twice {
        /// As sent.
        name: String,
    },
    /// More files than allowed.
    #[error("there are more than {files_max} files")]
    TooMany {
        /// The limit.
        files_max: usize,
    },
    /// More bytes than allowed.
    #[error("the files have more than {bytes_max} bytes, unpacked")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Name { .. } => Self::new(ErrorKind::Invalid, error.to_string()).accepting(
                "relative names such as `top.sv` or `rtl/alu.v`, without `.` and `..`, \
                 at most 255 bytes",
            ),
            FileError::Twice { .. } => {
                Self::new(ErrorKind::Invalid, error.to_string()).accepting("each name once")
            }
            FileError::TooMany { files_max } => Self::new(ErrorKind::TooLarge, error.to_string())
                .accepting(format!("up to {files_max} files")),
            FileError::TooLarge { bytes_max } => Self::new(ErrorKind::TooLarge, error.to_string())
                .accepting(format!("up to {bytes_max} bytes in all files together")),
        }
    }
}

/// Files with relative names, within bounds, in the order of coming: sources may depend on
/// it.
///
/// **No name leads out of a folder that the files are written into, and none is in the way
/// of another.**
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSet {
    bounds: Bounds,
    files: Vec<(String, Vec<u8>)>,
    names: BTreeSet<String>,
    folders: BTreeSet<String>,
    bytes: u64,
}

impl FileSet {
    /// No files yet.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            files: Vec::new(),
            names: BTreeSet::new(),
            folders: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// Bytes that another file may have.
    pub fn room(&self) -> u64 {
        self.bounds.bytes_max - self.bytes
    }

    /// The bounds.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Takes a file.
    ///
    /// # Errors
    /// When its name is not safe or not new, or there is no room for it.
    pub fn add(&mut self, name: &str, contents: Vec<u8>) -> Result<(), FileError> {
        let name = checked_name(name)?;
        let twice = || FileError::Twice { name: name.to_owned() };
        if self.files.len() >= self.bounds.files_max {
            return Err(FileError::TooMany { files_max: self.bounds.files_max });
        }
        if contents.len() as u64 > self.room() {
            return Err(FileError::TooLarge { bytes_max: self.bounds.bytes_max });
        }
        if self.names.contains(name) || self.folders.contains(name) {
            return Err(twice());
        }
        let above = name.match_indices('/').map(|(at, _)| &name[..at]);
        if above.clone().any(|folder| self.names.contains(folder)) {
            return Err(twice());
        }
        self.folders.extend(above.map(str::to_owned));
        self.bytes += contents.len() as u64;
        self.names.insert(name.to_owned());
        self.files.push((name.to_owned(), contents));
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Names and contents.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, contents)| (name.as_str(), contents.as_slice()))
    }

    /// Names and contents.
    pub fn into_files(self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.files.into_iter()
    }

    /// Writes the files below `folder`, which is empty.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn write_into(&self, folder: &Path) -> std::io::Result<()> {
        for (name, contents) in &self.files {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(path, contents)?;
        }
        Ok(())
    }
}

/// The name without a leading `./`, or what is wrong with it.
///
/// # Errors
/// When it is absolute, has `.`, `..` or empty parts, control characters, a backslash or a
/// colon (which have a meaning on Windows), or is too long.
pub fn checked_name(sent: &str) -> Result<&str, FileError> {
    let wrong =
        |why| Err(FileError::Name { name: sent.chars().take(NAME_BYTES_MAX).collect(), why });
    let name = sent.strip_prefix("./").unwrap_or(sent);
    if name.is_empty() {
        return wrong("is empty");
    }
    if name.len() > NAME_BYTES_MAX {
        return wrong("is longer than 255 bytes");
    }
    if name.chars().any(char::is_control) {
        return wrong("has control characters");
    }
    if name.contains(['\\', ':']) {
        return wrong("has a backslash or a colon");
    }
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return wrong("is not relative, or has `.`, `..` or empty parts");
    }
    if name.split('/').count() > NAME_PARTS_MAX {
        return wrong("is nested too deeply");
    }
    // What the system makes of it has the last word.
    if !Path::new(name).components().all(|part| matches!(part, Component::Normal(_))) {
        return wrong("is not relative");
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds = Bounds { files_max: 3, bytes_max: 10 };

    #[test]
    fn names_that_lead_out_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "./",
            "/",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a//b",
            "a/",
            "a/./b",
            "a\\b",
            "C:x",
            "a\0b",
            "a\nb",
            ".//etc/passwd",
            "./../x",
        ] {
            assert!(checked_name(name).is_err(), "{name:?}");
        }
        for (name, as_what) in [("a.v", "a.v"), ("./a.v", "a.v"), ("rtl/ä b.sv", "rtl/ä b.sv")] {
            assert_eq!(checked_name(name).as_deref(), Ok(as_what));
        }
        assert!(checked_name(&"x".repeat(256)).is_err());
        assert!(checked_name(&"x/".repeat(16)).is_err());
    }

    #[test]
    fn bounds_hold_and_no_file_is_in_the_way_of_another() {
        let mut files = FileSet::new(BOUNDS);
        files.add("a/b", vec![0; 4]).unwrap();
        for name in ["a/b", "a", "./a/b", "a/b/c"] {
            assert!(matches!(files.add(name, vec![]), Err(FileError::Twice { .. })), "{name}");
        }
        assert_eq!(files.add("c", vec![0; 7]), Err(FileError::TooLarge { bytes_max: 10 }));
        files.add("c", vec![0; 6]).unwrap();
        files.add("d", vec![]).unwrap();
        assert_eq!(files.add("e", vec![]), Err(FileError::TooMany { files_max: 3 }));
        let dir = tempfile::tempdir().unwrap();
        files.write_into(dir.path()).unwrap();
        assert_eq!(std::fs::read(dir.path().join("a/b")).unwrap(), [0; 4]);
    }

    proptest! {
        #[test]
        fn a_name_that_is_taken_stays_in_the_folder(name in "[./a\\\\:\u{0}-\u{20}]{0,12}") {
            if let Ok(name) = checked_name(&name) {
                let root = Path::new("/root");
                let path = root.join(name);
                prop_assert!(path.starts_with(root));
                prop_assert!(path.components().all(|c| c != Component::ParentDir));
            }
        }
    }
}
