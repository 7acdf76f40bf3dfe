use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use session_codec::StoreName;

use super::disk::sync;

/// Where the files of some sessions lie: all of a session are in one.
pub(super) struct Folder {
    path: PathBuf,
}

/// Nobody else changes what is in the folder, in this process or another, as long as it is held.
pub(super) struct Lock {
    _file: File,
}

/// What follows the name of a session in the name of its head's file.
const HEAD: &str = ".head";
const LOCK: &str = "lock";

impl Folder {
    pub(super) fn new(root: &Path, number: u16) -> Self {
        let [first, second] = number.to_be_bytes();
        let path = root
            .join(format!("{first:02x}"))
            .join(format!("{second:02x}"));
        Self { path }
    }

    pub(super) fn record(&self, name: &StoreName) -> PathBuf {
        self.path.join(hexadecimal(name.bytes()))
    }

    pub(super) fn head(&self, session: &StoreName) -> PathBuf {
        self.path.join(hexadecimal(session.bytes()) + HEAD)
    }

    /// Waits for whoever has the lock, a moment's work.
    pub(super) fn lock(&self) -> io::Result<Lock> {
        let path = self.path.join(LOCK);
        let file = match File::create(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make()?;
                File::create(&path)?
            }
            file => file?,
        };
        file.lock()?;
        Ok(Lock { _file: file })
    }

    /// Both levels, but never the root: one that is gone is an outage.
    fn make(&self) -> io::Result<()> {
        let levels = [self.path.parent().unwrap_or(&self.path), &self.path];
        for level in levels {
            match fs::create_dir(level) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            if let Some(above) = level.parent() {
                sync(above)?;
            }
        }
        Ok(())
    }

    /// Puts a file in its place, for good.
    pub(super) fn keep(&self, unfinished: &Path, place: &Path) -> io::Result<()> {
        fs::rename(unfinished, place)?;
        sync(&self.path)
    }

    /// Names of records, and of the sessions whose heads there are.
    pub(super) fn names(&self) -> io::Result<(Vec<StoreName>, Vec<StoreName>)> {
        let (mut records, mut heads) = (Vec::new(), Vec::new());
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((records, heads)),
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name();
            let Some(name) = name.to_str() else {
                continue;
            };
            match name.strip_suffix(HEAD) {
                Some(session) => heads.extend(name_of(session)),
                None => records.extend(name_of(name)),
            }
        }
        records.sort_unstable();
        heads.sort_unstable();
        Ok((records, heads))
    }
}

/// Lower case alone, for file systems that do not tell it from upper case.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn name_of(text: &str) -> Option<StoreName> {
    let mut bytes = [0; StoreName::BYTES];
    if text.len() != 2 * bytes.len() || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = core::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(StoreName::new(bytes))
}
