//! What is asked of the files, one call after the other.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadMove, HeadState, Kind, Newest, Proposal, Record, RecordMeta, Saved,
    StoreError, StoredRecord,
};

use super::disk::{Disk, Failure};
use super::folder::Folder;
use super::kept_file::{HeadFile, RecordFile};

pub(super) fn record(
    disk: &Disk,
    name: &StoreName,
    now: Timestamp,
) -> Result<Option<StoredRecord>, Failure> {
    let found = RecordFile::read(&disk.folder_of(name).record(name))?;
    if found.is_none() {
        disk.check()?;
    }
    let stored = found.map(|found| found.stored);
    Ok(stored.filter(|stored| now < stored.expires))
}

pub(super) fn put(
    disk: &Disk,
    name: &StoreName,
    record: &Record,
    meta: &RecordMeta,
) -> Result<(), Failure> {
    let folder = disk.folder_of(name);
    let _lock = folder.lock()?;
    put_locked(disk, &folder, name, record, meta)
}

fn put_locked(
    disk: &Disk,
    folder: &Folder,
    name: &StoreName,
    record: &Record,
    meta: &RecordMeta,
) -> Result<(), Failure> {
    let place = folder.record(name);
    if meta.kind == Kind::Session
        && let Some(there) = RecordFile::read(&place)?
        && there.stored.record != *record
    {
        return Err(StoreError::Conflict.into());
    }
    let content = RecordFile::write(meta.kind, record, meta.expires);
    let unfinished = disk.unfinished(&content, Some(meta.expires.seconds()))?;
    Ok(folder.keep(&unfinished, &place)?)
}

pub(super) fn delete(disk: &Disk, name: &StoreName) -> Result<(), Failure> {
    let folder = disk.folder_of(name);
    let path = folder.record(name);
    if !path.exists() {
        return disk.check();
    }
    let _lock = folder.lock()?;
    remove(&path)
}

/// The record is on the disk before a head names it. Between the two the machine may fail: then there
/// is a record more, which nobody was told of, and which expires.
pub(super) fn commit(
    disk: &Disk,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Committed, Failure> {
    let session = proposal.head.as_ref().map(|change| &change.session);
    let place = session.or(proposal.record.as_ref().map(|new| &new.name));
    if let Some(place) = place {
        let folder = disk.folder_of(place);
        let _lock = folder.lock()?;
        if let Some(refused) = commit_locked(disk, &folder, proposal, now)? {
            return Ok(refused);
        }
    }
    let names = proposal.unless_ended.iter();
    let listed: Result<_, _> = names.map(|name| record(disk, name, now)).collect();
    Ok(Committed::Saved(Saved {
        listed: listed?,
        is_compared: true,
    }))
}

fn commit_locked(
    disk: &Disk,
    folder: &Folder,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Option<Committed>, Failure> {
    if let Some(change) = &proposal.head {
        match live_head(disk, folder, &change.session, now)? {
            Some(None) => return Ok(Some(Committed::Ended)),
            Some(Some(head)) if !change.moves(&head) => {
                let record = record(disk, &head.record, now)?;
                return Ok(Some(Committed::Other(Newest { head, record })));
            }
            Some(Some(_)) | None => {}
        }
    }
    if let Some(new) = &proposal.record {
        put_locked(disk, folder, &new.name, &new.record, &new.meta)?;
    }
    if let Some(HeadMove {
        session,
        to,
        expires,
        ..
    }) = &proposal.head
    {
        match to {
            Some(head) => set_head(disk, folder, session, Some(head), *expires)?,
            None => remove(&folder.head(session))?,
        }
    }
    Ok(None)
}

pub(super) fn head(disk: &Disk, session: &StoreName, now: Timestamp) -> Result<HeadState, Failure> {
    Ok(
        match live_head(disk, &disk.folder_of(session), session, now)? {
            None => HeadState::Absent,
            Some(None) => HeadState::Ended,
            Some(Some(head)) => {
                let record = record(disk, &head.record, now)?;
                HeadState::At(Newest { head, record })
            }
        },
    )
}

/// A tombstone in the place of the head, which is told. What the session has kept goes with it.
pub(super) fn end(
    disk: &Disk,
    session: &StoreName,
    expires: Timestamp,
    now: Timestamp,
) -> Result<Option<Head>, Failure> {
    let folder = disk.folder_of(session);
    let _lock = folder.lock()?;
    let there = live_head(disk, &folder, session, now)?.flatten();
    set_head(disk, &folder, session, None, expires)?;
    let half = StoreName::BYTES / 2;
    let (records, _) = folder.names()?;
    // Names of one session begin alike.
    for name in records
        .iter()
        .filter(|name| name.bytes()[..half] == session.bytes()[..half])
    {
        let path = folder.record(name);
        if RecordFile::read(&path)?.is_some_and(|file| file.kind == Kind::Session) {
            remove(&path)?;
        }
    }
    Ok(there)
}

/// None if there is none; `Some(None)` is a tombstone.
fn live_head(
    disk: &Disk,
    folder: &Folder,
    session: &StoreName,
    now: Timestamp,
) -> Result<Option<Option<Head>>, Failure> {
    let found = HeadFile::read(&folder.head(session))?;
    if found.is_none() {
        disk.check()?;
    }
    Ok(found
        .filter(|found| now < found.expires)
        .map(|found| found.head))
}

fn set_head(
    disk: &Disk,
    folder: &Folder,
    session: &StoreName,
    head: Option<&Head>,
    expires: Timestamp,
) -> Result<(), Failure> {
    let content = HeadFile::write(head, expires);
    let unfinished = disk.unfinished(&content, Some(expires.seconds()))?;
    Ok(folder.keep(&unfinished, &folder.head(session))?)
}

pub(super) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => Ok(removed?),
    }
}
