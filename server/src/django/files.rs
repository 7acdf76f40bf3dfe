use alloc::sync::Arc;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use session_codec::Timestamp;
use session_store::StoreError;

use super::table::unchanged;
use super::text::unverified;
use super::{Replaced, Row, SessionKey};

/// Django's backend `file`: a folder with a file for each session.
pub(super) struct Files(Arc<Folder>);

struct Folder {
    path: PathBuf,
    /// What the names of files begin with.
    prefix: String,
    /// Seconds that a session lives after its file was written.
    age: i64,
    /// Of two changes of this server's at once the second one sees the first.
    change: Mutex<()>,
}

impl Files {
    pub(super) fn new(path: PathBuf, cookie_name: &str, age: u32) -> Self {
        Self(Arc::new(Folder {
            path,
            prefix: cookie_name.to_owned(),
            age: age.into(),
            change: Mutex::new(()),
        }))
    }

    pub(super) async fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<Row>, StoreError> {
        let key = key.clone();
        self.with(move |folder| folder.find(&folder.file(&key), now))
            .await
    }

    pub(super) async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let (key, from, to) = (key.clone(), from.to_owned(), to.to_owned());
        self.with(move |folder| {
            let _alone = folder.change.lock().unwrap_or_else(PoisonError::into_inner);
            let file = folder.file(&key);
            let there = folder.find(&file, now)?;
            if there.as_ref().map(|row| &*row.data) != Some(&*from) {
                return Ok(unchanged(there.as_ref().map(|row| &*row.data), &to));
            }
            write(&file, to.as_bytes())?;
            Ok(Replaced::Done)
        })
        .await
    }

    pub(super) async fn delete(&self, key: &SessionKey) -> Result<(), StoreError> {
        let key = key.clone();
        self.with(move |folder| match fs::remove_file(folder.file(&key)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed,
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&folder)).await;
        let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
        done.map_err(|error| {
            let reason = format!("{}: {error}", self.0.path.display()).into();
            match error.kind() {
                ErrorKind::PermissionDenied
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::StorageFull
                | ErrorKind::NotFound => StoreError::Refused { reason },
                _ => StoreError::Unavailable { reason },
            }
        })
    }
}

impl Folder {
    fn file(&self, key: &SessionKey) -> PathBuf {
        self.path.join(format!("{}{}", self.prefix, key.as_str()))
    }

    fn find(&self, file: &Path, now: Timestamp) -> io::Result<Option<Row>> {
        let opened = match File::open(file) {
            // Without its folder every session would seem to have ended.
            Err(error) if error.kind() == ErrorKind::NotFound && self.path.is_dir() => {
                return Ok(None);
            }
            opened => opened?,
        };
        let changed = opened.metadata()?.modified()?;
        let mut data = String::new();
        opened.take(LONGEST).read_to_string(&mut data)?;
        // One that Django has just begun has nothing in it yet.
        let Some(session) = unverified(&data) else {
            return Ok(None);
        };
        let expires = match session.get("_session_expiry") {
            None | Some(Value::Null) => seconds(changed).saturating_add(self.age),
            // Django counts a number from the moment at which it looks.
            Some(Value::Number(age)) => now.seconds().saturating_add(age.as_i64().unwrap_or(0)),
            Some(Value::String(date)) => date_of(date).unwrap_or(0),
            Some(_) => 0,
        };
        Ok((expires > now.seconds()).then_some(Row { data, expires }))
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// `2026-11-30T20:15:00.123456+00:00`, as Django writes it; times without a zone are UTC.
fn date_of(text: &str) -> Option<i64> {
    let part = |range: core::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    let zone = text.get(19..)?.rfind(['+', '-']).map(|at| 19 + at);
    let offset = match zone {
        None => 0,
        Some(at) => {
            let minutes = part(at + 1..at + 3)? * 60 + part(at + 4..at + 6)?;
            if text.as_bytes()[at] == b'-' {
                -minutes
            } else {
                minutes
            }
        }
    };
    // Days from the civil calendar: years begin in March, so that the leap day is their last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * month + 2) / 5
        + day
        - 1
        - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second - offset * 60)
}

/// In one step: whoever reads meanwhile sees the one or the other. The time of the last change stays, which is what
/// Django counts a session's end from.
fn write(file: &Path, data: &[u8]) -> io::Result<()> {
    let before = fs::metadata(file)?;
    let random = getrandom::u64().map_err(io::Error::other)?;
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!("_out_{random:x}"));
    let beside = file.with_file_name(name);
    let written = (|| {
        let mut new = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)?;
        new.write_all(data)?;
        new.set_permissions(before.permissions())?;
        new.set_modified(before.modified()?)?;
        new.sync_data()?;
        fs::rename(&beside, file)
    })();
    if written.is_err() {
        // Nobody looks for it; Django's clean-up would meet it.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// No file is read beyond it, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_python_writes_them() {
        for (text, expected) in [
            ("1970-01-01T00:00:00+00:00", Some(0)),
            ("2000-02-29T23:59:59.999999+00:00", Some(951_868_799)),
            ("2026-11-30T20:15:00+02:00", Some(1_796_062_500)),
            ("2027-03-01T00:00:00", Some(1_803_859_200)),
            ("2027-03-01T00:00:00.5-01:30", Some(1_803_864_600)),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(date_of(text), expected, "{text}");
        }
    }
}
