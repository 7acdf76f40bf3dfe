//! What an operator asks of the file.

use rusqlite::{Connection, params};
use session_codec::Timestamp;
use session_store::{Kind, Record, StoredRecord};

use super::rows::{head_of, name_of};
use crate::stores::{Cursor, Entry, KeptHead, KeptRecord, Page, Statistics};

/// By the index alone: no record is read.
pub(super) fn statistics(file: &Connection, now: Timestamp) -> rusqlite::Result<Statistics> {
    let now = now.seconds();
    let number = |sql: &str, values: &[i64]| -> rusqlite::Result<u64> {
        let mut asked = file.prepare_cached(sql)?;
        let number: i64 = asked.query_row(rusqlite::params_from_iter(values), |row| row.get(0))?;
        Ok(number.max(0).cast_unsigned())
    };
    let mut largest = file.prepare_cached(
        "SELECT bytes FROM edge_session_record INDEXED BY edge_session_record_expires ORDER BY bytes DESC LIMIT ?1",
    )?;
    let at_most = i64::try_from(Statistics::LARGEST).unwrap_or(i64::MAX);
    let largest = largest.query_map([at_most], |row| row.get::<_, i64>(0))?;
    let largest = largest.map(|bytes| bytes.map(|bytes| bytes.max(0).cast_unsigned()));
    let mut by_time_left = [0; 5];
    let mut from = now;
    for (class, count) in by_time_left.iter_mut().enumerate() {
        let until = Statistics::TIME_LEFT.get(class);
        let until = until.map_or(i64::MAX, |seconds| now.saturating_add(*seconds));
        *count = number(
            "SELECT count(*) FROM edge_session_record WHERE expires > ?1 AND expires <= ?2",
            &[from, until],
        )?;
        from = until;
    }
    Ok(Statistics {
        records: number(
            "SELECT count(*) FROM edge_session_record INDEXED BY edge_session_record_expires",
            &[],
        )?,
        expired: number(
            "SELECT count(*) FROM edge_session_record WHERE expires <= ?1",
            &[now],
        )?,
        bytes: number(
            "SELECT coalesce(sum(bytes), 0) FROM edge_session_record INDEXED BY edge_session_record_expires",
            &[],
        )?,
        largest: largest.collect::<Result<_, _>>()?,
        by_time_left,
        heads: number("SELECT count(*) FROM edge_session_head", &[])?,
        by_age: None,
    })
}

/// Records by name, then heads by name. A cursor is a letter for the table, and the last name in hexadecimal.
pub(super) fn page(
    file: &Connection,
    after: Option<Cursor>,
    at_most: u32,
) -> rusqlite::Result<Page> {
    let after = after.map_or_else(|| RECORDS.to_owned(), |Cursor(text)| text);
    let (table, name) = after.split_at_checked(1).unwrap_or((RECORDS, ""));
    let is_records = table == RECORDS;
    let columns = if is_records {
        "name, is_revocation, expires, record FROM edge_session_record"
    } else {
        "name, expires, record, cookie FROM edge_session_head"
    };
    let mut asked = file.prepare_cached(&format!(
        "SELECT {columns} WHERE ?1 = '' OR name > unhex(?1) ORDER BY name LIMIT ?2"
    ))?;
    let mut rows = asked.query(params![name, at_most])?;
    let (mut entries, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        let name = name_of(&bytes, 0)?;
        last = Some(hexadecimal(&bytes));
        if !is_records {
            entries.push(Entry::Head(KeptHead {
                session: name,
                expires: Timestamp::from_seconds(row.get(1)?),
                head: head_of(row, 2)?,
            }));
        } else if let Ok(record) = Record::new(row.get(3)?) {
            let is_revocation: bool = row.get(1)?;
            let expires = Timestamp::from_seconds(row.get(2)?);
            entries.push(Entry::Record(KeptRecord {
                name,
                kind: if is_revocation {
                    Kind::Revocation
                } else {
                    Kind::Session
                },
                stored: StoredRecord { record, expires },
            }));
        }
    }
    let next = match last {
        Some(last) => Some(format!("{table}{last}")),
        None if is_records => Some(HEADS.to_owned()),
        None => None,
    };
    Ok(Page {
        entries,
        next: next.map(Cursor),
    })
}

const RECORDS: &str = "r";
const HEADS: &str = "h";

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
