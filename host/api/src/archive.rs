//! Archives that a client sent, unpacked into memory.
//!
//! **Nothing is written, no link is followed, and what is unpacked is counted while it is
//! unpacked**, whatever the archive's own headers promise.

use crate::error::{ApiError, ErrorKind};
use crate::files::{FileError, FileSet};
use flate2::read::MultiGzDecoder;
use std::io::{Cursor, Read};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Of a local file header, and of the end of an archive without files.
const ZIP_MAGICS: [[u8; 4]; 2] = [*b"PK\x03\x04", *b"PK\x05\x06"];
/// Where POSIX tar has its magic, and what.
const TAR_MAGIC: (usize, &[u8]) = (257, b"ustar");
/// What a tar file has beside contents: header, padding and extended headers of an entry.
const TAR_OVERHEAD: u64 = 4096;

/// An archive that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Neither tar, nor tar with gzip, nor zip.
    #[error("the archive is neither tar, nor tar.gz, nor zip")]
    Unknown,
    /// It is broken, or cut off.
    #[error("the archive cannot be read: {0}")]
    Broken(String),
    /// An entry that is neither a file nor a folder.
    #[error("the entry {name:?} of the archive is {what}, no regular file")]
    Foreign {
        /// As in the archive.
        name: String,
        /// What it is.
        what: String,
    },
    /// A name, or the bounds.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<ArchiveError> for ApiError {
    fn from(error: ArchiveError) -> Self {
        const FORMS: &str = "a .tar, .tar.gz or .zip of regular files";
        match error {
            ArchiveError::File(error) => error.into(),
            ArchiveError::Unknown | ArchiveError::Broken(_) => {
                Self::new(ErrorKind::Malformed, error.to_string()).accepting(FORMS)
            }
            ArchiveError::Foreign { .. } => {
                Self::new(ErrorKind::Invalid, error.to_string()).accepting(FORMS)
            }
        }
    }
}

/// Adds the files of an archive to `files`; which kind it is, its first bytes tell.
///
/// # Errors
/// When it is none, is broken, has anything but files and folders, or more than there is
/// room for. `files` may have some of them by then.
pub fn unpack(archive: &[u8], files: &mut FileSet) -> Result<(), ArchiveError> {
    if archive.starts_with(&GZIP_MAGIC) {
        return tar(MultiGzDecoder::new(archive), files);
    }
    if ZIP_MAGICS.iter().any(|magic| archive.starts_with(magic)) {
        return zip(archive, files);
    }
    let (at, magic) = TAR_MAGIC;
    if archive.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
        return tar(archive, files);
    }
    Err(ArchiveError::Unknown)
}

fn tar(reader: impl Read, files: &mut FileSet) -> Result<(), ArchiveError> {
    let bounds = files.bounds();
    // Names and extended headers are read by the tar reader itself, to any length.
    let bytes_max = bounds.bytes_max + TAR_OVERHEAD * (bounds.files_max as u64 + 1);
    let mut archive = tar::Archive::new(reader.take(bytes_max + 1));
    let read = entries(&mut archive, files);
    let is_cut = archive.into_inner().limit() == 0;
    match read {
        Err(ArchiveError::Broken(_)) if is_cut => {
            Err(FileError::TooLarge { bytes_max: bounds.bytes_max }.into())
        }
        read => read,
    }
}

fn entries(archive: &mut tar::Archive<impl Read>, files: &mut FileSet) -> Result<(), ArchiveError> {
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            tar::EntryType::Directory | tar::EntryType::XGlobalHeader => continue,
            tar::EntryType::Regular => {}
            other => return Err(ArchiveError::Foreign { name, what: format!("a {other:?}") }),
        }
        let contents = read(&mut entry, files)?;
        files.add(&name, contents)?;
    }
    Ok(())
}

fn zip(archive: &[u8], files: &mut FileSet) -> Result<(), ArchiveError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).map_err(broken)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        if entry.is_dir() {
            continue;
        }
        if entry.is_symlink() {
            return Err(ArchiveError::Foreign { name, what: "a Symlink".into() });
        }
        let contents = read(&mut entry, files)?;
        files.add(&name, contents)?;
    }
    Ok(())
}

/// What an entry has, as far as there is room; one byte more where there is not, so that
/// adding it fails.
fn read(entry: &mut impl Read, files: &FileSet) -> Result<Vec<u8>, ArchiveError> {
    let mut contents = Vec::new();
    entry.take(files.room() + 1).read_to_end(&mut contents).map_err(broken)?;
    Ok(contents)
}

fn broken(error: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Bounds;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;
    use zip::write::SimpleFileOptions;

    const BOUNDS: Bounds = Bounds { files_max: 4, bytes_max: 10_000 };

    fn unpacked(archive: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
        let mut files = FileSet::new(BOUNDS);
        unpack(archive, &mut files).map(|()| files.into_files().collect())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A tar file whose names are written as they are, however bad.
    fn tar_of(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, kind, contents) in entries {
            let mut header = tar::Header::new_ustar();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(contents.len() as u64);
            if kind.is_symlink() || kind.is_hard_link() {
                header.set_link_name("/etc/passwd").unwrap();
            }
            header.set_cksum();
            builder.append(&header, *contents).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, contents) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(contents).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    const FILE: tar::EntryType = tar::EntryType::Regular;

    #[test]
    fn each_kind_is_unpacked() {
        let tar = tar_of(&[
            ("./", tar::EntryType::Directory, b""),
            ("./a.v", FILE, b"module"),
            ("rtl/b.v", FILE, b""),
        ]);
        let expected = vec![("a.v".to_owned(), b"module".to_vec()), ("rtl/b.v".to_owned(), vec![])];
        assert_eq!(unpacked(&tar).unwrap(), expected);
        assert_eq!(unpacked(&gzip(&tar)).unwrap(), expected);
        assert_eq!(unpacked(&zip_of(&[("a.v", b"module"), ("rtl/b.v", b"")])).unwrap(), expected);
        assert_eq!(unpacked(&zip_of(&[])).unwrap(), []);
        assert!(matches!(unpacked(b"module x;"), Err(ArchiveError::Unknown)));
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused() {
        for name in ["../x", "/etc/passwd", "a/../../x", "a\\..\\x"] {
            let tar = tar_of(&[(name, FILE, b"")]);
            for archive in [&tar, &gzip(&tar), &zip_of(&[(name, b"")])] {
                let error = unpacked(archive).unwrap_err();
                assert!(matches!(error, ArchiveError::File(FileError::Name { .. })), "{error}");
            }
        }
        for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo] {
            let error = unpacked(&tar_of(&[("x", kind, b"")])).unwrap_err();
            assert!(matches!(error, ArchiveError::Foreign { .. }), "{error}");
        }
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("x", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let error = unpacked(&writer.finish().unwrap().into_inner()).unwrap_err();
        assert!(matches!(error, ArchiveError::Foreign { .. }), "{error}");
    }

    #[test]
    fn a_bomb_is_not_unpacked_past_the_bounds() {
        let zeros = vec![0; 50_000_000];
        let large = tar_of(&[("x", FILE, &zeros)]);
        let long_name = tar_of(&[("x", tar::EntryType::GNULongName, &zeros), ("y", FILE, b"")]);
        for archive in [gzip(&large), gzip(&long_name), zip_of(&[("x", &zeros)])] {
            assert!(archive.len() < 100_000, "a bomb is small: {}", archive.len());
            let error = unpacked(&archive).unwrap_err();
            assert!(matches!(error, ArchiveError::File(FileError::TooLarge { .. })), "{error}");
        }
        let many: Vec<String> = (0..5).map(|n| n.to_string()).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|n| (n.as_str(), &b""[..])).collect();
        let error = unpacked(&zip_of(&many)).unwrap_err();
        assert!(matches!(error, ArchiveError::File(FileError::TooMany { .. })), "{error}");
        // A header that lies about the size.
        let mut lying = zip_of(&[("x", &[0; 20_000])]);
        let size = 20_000u32.to_le_bytes();
        while let Some(at) = lying.windows(4).position(|bytes| bytes == size) {
            lying[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
        }
        assert!(unpacked(&lying).is_err());
    }

    #[test]
    fn an_archive_that_is_cut_off_is_refused() {
        let tar = tar_of(&[("x", FILE, &[7; 2000])]);
        let (gzipped, zipped) = (gzip(&tar), zip_of(&[("x", &[7; 2000])]));
        assert!(matches!(unpacked(&tar[..1000]), Err(ArchiveError::Broken(_))));
        assert!(matches!(unpacked(&gzipped[..gzipped.len() / 2]), Err(ArchiveError::Broken(_))));
        assert!(matches!(unpacked(&zipped[..zipped.len() / 2]), Err(ArchiveError::Broken(_))));
    }

    proptest! {
        /// Any damage gives files within bounds or an error, never a panic.
        #[test]
        fn damage_is_survived(
            kind in 0..3,
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<prop::sample::Index>(),
        ) {
            let tar = tar_of(&[("a/x", FILE, &[7; 700]), ("y", FILE, b"module")]);
            let mut archive = match kind {
                0 => tar,
                1 => gzip(&tar),
                _ => zip_of(&[("a/x", &[7; 700]), ("y", b"module")]),
            };
            for (at, byte) in damage {
                let at = at.index(archive.len());
                archive[at] = byte;
            }
            archive.truncate(cut.index(archive.len()) + 1);
            if let Ok(files) = unpacked(&archive) {
                prop_assert!(files.len() <= BOUNDS.files_max);
                let bytes: usize = files.iter().map(|(_, contents)| contents.len()).sum();
                prop_assert!(bytes as u64 <= BOUNDS.bytes_max);
            }
        }
    }
}
