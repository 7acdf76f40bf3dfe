use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use session_codec::StoreName;
use session_store::StoreError;

use super::folder::Folder;

/// What is being written lies here until it is whole.
const UNFINISHED: &str = "unfinished";
/// Whatever lies there for longer was left behind by a machine that failed.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// The folder that everything is in.
pub(super) struct Disk {
    root: PathBuf,
    written: AtomicU64,
}

/// Why nothing came of it.
pub(super) enum Failure {
    Disk(io::Error),
    Store(StoreError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Store(error) => return error,
            Failure::Disk(error) => error,
        };
        let cure = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; make room on the disk",
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
                "; the folder and all in it must be writable for this user"
            }
            ErrorKind::NotADirectory => "; file: names a folder",
            _ => "",
        };
        let reason = format!("files: {error}{cure}").into();
        Self::Unavailable { reason }
    }
}

impl Disk {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            written: AtomicU64::new(0),
        }
    }

    /// Makes the folder, tries to write in it, and takes away what was left unfinished.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        let unfinished = self.root.join(UNFINISHED);
        let missing: Vec<_> = self
            .root
            .ancestors()
            .take_while(|path| !path.exists())
            .collect();
        fs::create_dir_all(&unfinished)?;
        // The name of a folder is on the disk once the one above it is synced.
        for path in missing {
            match path.parent() {
                Some(above) if above.as_os_str().is_empty() => sync(Path::new("."))?,
                Some(above) => sync(above)?,
                None => {}
            }
        }
        let old = SystemTime::now().checked_sub(LEFT_BEHIND);
        for entry in fs::read_dir(&unfinished)? {
            let path = entry?.path();
            // The time of its begin is in its name: that of the file is when its record expires.
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            let begun = name
                .split('-')
                .next()
                .and_then(|seconds| seconds.parse().ok());
            let begun = begun.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            if begun < old {
                fs::remove_file(&path)?;
            }
        }
        sync(&self.root)?;
        let probe = self.unfinished(b"probe", None)?;
        fs::remove_file(probe)?;
        Ok(())
    }

    /// Whether the folder is there: where it is not, nothing can be told to be absent.
    pub(super) fn check(&self) -> Result<(), Failure> {
        fs::metadata(self.root.join(UNFINISHED))?;
        Ok(())
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn folder_of(&self, name: &StoreName) -> Folder {
        let [first, second, ..] = *name.bytes();
        self.folder(u16::from_be_bytes([first, second]))
    }

    pub(super) fn folder(&self, number: u16) -> Folder {
        Folder::new(&self.root, number)
    }

    /// A whole, synced file that nobody looks at yet. Its time of change is when it expires, so
    /// that whoever cleans up need not open it.
    pub(super) fn unfinished(&self, content: &[u8], expires: Option<i64>) -> io::Result<PathBuf> {
        use std::io::Write;

        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seconds = since.unwrap_or_default().as_secs();
        let number = self.written.fetch_add(1, Relaxed);
        let path = self.root.join(UNFINISHED);
        let path = path.join(format!("{seconds}-{}-{number}", std::process::id()));
        let mut file = File::create_new(&path)?;
        let written = file.write_all(content).and_then(|()| {
            if let Some(expires) = expires.and_then(|expires| u64::try_from(expires).ok()) {
                let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(expires));
                // Some file systems know no such far years: those files are opened to see.
                let _ = file.set_modified(at.unwrap_or(SystemTime::UNIX_EPOCH));
            }
            file.sync_all()
        });
        if let Err(error) = written {
            // A full disk is not to be kept full.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(path)
    }
}

/// Waits until the names in a folder are on the disk.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
