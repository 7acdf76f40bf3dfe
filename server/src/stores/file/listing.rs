//! What an operator asks of the files. Their times of change are when they expire, so few are opened.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use session_codec::Timestamp;

use super::disk::{Disk, Failure};
use super::kept_file::{HeadFile, RecordFile};
use super::records::remove;
use crate::stores::{Cursor, Entry, KeptHead, KeptRecord, Page, Statistics};

/// Bytes of a record's file before the record.
const BEFORE: u64 = 9;

/// Numbers of the folders there are, from `first` on.
fn folders(disk: &Disk, first: u16) -> impl Iterator<Item = u16> {
    let [top, _] = first.to_be_bytes();
    let root = disk.root().to_owned();
    (top..=u8::MAX).flat_map(move |top| {
        let above = root.join(format!("{top:02x}"));
        let is_there = |low: &u8| above.join(format!("{low:02x}")).is_dir();
        let all = above.is_dir().then_some(0..=u8::MAX).into_iter().flatten();
        let numbers = all
            .filter(is_there)
            .map(move |low| u16::from_be_bytes([top, low]));
        let numbers: Vec<_> = numbers.filter(|number| *number >= first).collect();
        numbers
    })
}

/// Goes on where the last clean-up ended, once round.
pub(super) fn clean(
    disk: &Disk,
    place: &AtomicU32,
    now: Timestamp,
    at_most: u32,
) -> Result<u64, Failure> {
    let first = u16::try_from(place.load(Relaxed)).unwrap_or(0);
    let before = folders(disk, 0).take_while(|number| *number < first);
    let mut gone = 0;
    for number in folders(disk, first).chain(before) {
        if gone >= u64::from(at_most) {
            place.store(number.into(), Relaxed);
            return Ok(gone);
        }
        let folder = disk.folder(number);
        let (records, heads) = folder.names()?;
        let mut expired = Vec::new();
        for name in &records {
            let path = folder.record(name);
            let is_live = |file: RecordFile| now < file.stored.expires;
            if may_have_expired(&path, now) && !RecordFile::read(&path)?.is_some_and(is_live) {
                expired.push(path);
            }
        }
        for session in &heads {
            let path = folder.head(session);
            let is_live = |file: HeadFile| now < file.expires;
            if may_have_expired(&path, now) && !HeadFile::read(&path)?.is_some_and(is_live) {
                expired.push(path);
            }
        }
        if !expired.is_empty() {
            let _lock = folder.lock()?;
            for path in expired {
                // It may have been written again meanwhile.
                if may_have_expired(&path, now) {
                    remove(&path)?;
                    gone += 1;
                }
            }
        }
    }
    place.store(0, Relaxed);
    Ok(gone)
}

fn may_have_expired(path: &Path, now: Timestamp) -> bool {
    let time = fs::metadata(path).and_then(|about| about.modified());
    time.is_ok_and(|time| seconds(time) <= now.seconds())
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

/// By the files' sizes and times.
pub(super) fn statistics(disk: &Disk, now: Timestamp) -> Result<Statistics, Failure> {
    let mut told = Statistics::default();
    for number in folders(disk, 0) {
        let folder = disk.folder(number);
        let (records, heads) = folder.names()?;
        told.heads += heads.len() as u64;
        for name in records {
            // Gone since it was listed.
            let Ok(about) = fs::metadata(folder.record(&name)) else {
                continue;
            };
            let bytes = about.len().saturating_sub(BEFORE);
            told.records += 1;
            told.bytes += bytes;
            let left = about.modified().map_or(0, seconds) - now.seconds();
            if left <= 0 {
                told.expired += 1;
            } else {
                let class = Statistics::TIME_LEFT.iter().position(|end| left <= *end);
                told.by_time_left[class.unwrap_or(Statistics::TIME_LEFT.len())] += 1;
            }
            let rank = told.largest.partition_point(|other| *other >= bytes);
            told.largest.insert(rank, bytes);
            told.largest.truncate(Statistics::LARGEST);
        }
    }
    Ok(told)
}

/// Whole folders; a cursor is the number of the next one.
pub(super) fn page(disk: &Disk, after: Option<&Cursor>, at_most: u32) -> Result<Page, Failure> {
    let first = after
        .and_then(|Cursor(text)| text.parse().ok())
        .unwrap_or(0);
    let mut entries = Vec::new();
    for number in folders(disk, first) {
        if entries.len() >= at_most as usize {
            let next = Some(Cursor(number.to_string()));
            return Ok(Page { entries, next });
        }
        let folder = disk.folder(number);
        let (records, heads) = folder.names()?;
        for name in records {
            if let Some(RecordFile { kind, stored }) = RecordFile::read(&folder.record(&name))? {
                entries.push(Entry::Record(KeptRecord { name, kind, stored }));
            }
        }
        for session in heads {
            if let Some(HeadFile { head, expires }) = HeadFile::read(&folder.head(&session))? {
                entries.push(Entry::Head(KeptHead {
                    session,
                    head,
                    expires,
                }));
            }
        }
    }
    let next = None;
    Ok(Page { entries, next })
}
