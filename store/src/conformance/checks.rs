use alloc::format;
use alloc::string::String;

use session_codec::StoreName;

use super::Failure;
use super::probe::Probe;
use crate::error::StoreError;
use crate::record::Record;
use crate::store::SessionStore;

/// Every check, the simplest faults first. Gives whether a second record replaces the first.
pub(super) async fn all<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<bool, Failure> {
    absent(probe).await?;
    contents(probe).await?;
    expiry(probe).await?;
    names(probe).await?;
    deletion(probe).await?;
    repetition(probe).await?;
    revocation(probe).await?;
    second_record(probe).await
}

async fn absent<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    probe.begin(1, "a name never written is absent");
    let name = probe.fresh_name();
    probe.expect_absent(&name, 0).await
}

async fn contents<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    for (check, bytes) in [
        ("an empty record is kept", 0),
        ("one byte is kept", 1),
        ("every byte value is kept", 256),
        ("100 KiB are kept", 100 * 1024),
        ("the longest record is kept", Record::MAX_BYTES),
    ] {
        probe.begin(2, check);
        let (name, record) = (probe.fresh_name(), probe.record(1, bytes)?);
        probe.put(&name, &record, HOUR).await?;
        probe.expect(&name, 0, &record).await?;
        probe.expect(&name, 0, &record).await?;
        probe.delete(&name).await?;
    }
    // To a careless reader: a frame that expired in 1970, text, a number, JSON, compressed data.
    probe.begin(2, "a record is never interpreted");
    for bytes in [
        &[0; 16][..],
        b" text\r\n\0",
        b"42",
        b"{\"a\":1}",
        b"\x1f\x8b\x08\0",
        b"\xef\xbb\xbf\xff",
    ] {
        let (name, record) = (probe.fresh_name(), probe.exactly(bytes.into())?);
        probe.put(&name, &record, HOUR).await?;
        probe.expect(&name, 0, &record).await?;
        probe.delete(&name).await?;
    }
    Ok(())
}

async fn expiry<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    let record = probe.record(3, 60)?;
    for (check, lifetime) in [
        ("a record lives until its expiry: one second", 1),
        ("a record lives until its expiry: one hour", HOUR),
        ("a record lives until its expiry: 400 days", 400 * DAY),
    ] {
        probe.begin(4, check);
        let name = probe.fresh_name();
        probe.put(&name, &record, lifetime).await?;
        probe.expect(&name, 0, &record).await?;
        probe.expect_expiry(&name, lifetime).await?;
        probe.expect(&name, lifetime - 1, &record).await?;
        // A clock that jumped back.
        probe.expect(&name, -DAY, &record).await?;
        probe.expect_absent(&name, lifetime).await?;
        probe.expect_absent(&name, lifetime + 1).await?;
        probe.expect_absent(&name, lifetime + 10 * YEAR).await?;
        probe.delete(&name).await?;
    }

    probe.begin(5, "a record that has already expired is taken and absent");
    for lifetime in [0, -1, -10 * YEAR] {
        let name = probe.fresh_name();
        probe.put(&name, &record, lifetime).await?;
        probe.expect_absent(&name, 0).await?;
        probe.delete(&name).await?;
    }
    Ok(())
}

async fn names<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    probe.begin(3, "each name has its own record");
    let (first, second) = (probe.fresh_name(), probe.fresh_name());
    let (a, b) = (probe.record(1, 40)?, probe.record(2, 50)?);
    probe.put(&first, &a, DAY).await?;
    probe.put(&second, &b, HOUR).await?;
    probe.expect(&first, 0, &a).await?;
    probe.expect(&second, 0, &b).await?;

    probe.begin(3, "each name has its own expiry");
    probe.expect(&first, HOUR, &a).await?;
    probe.expect_absent(&second, HOUR).await?;

    probe.begin(3, "deleting one name leaves the others");
    probe.delete(&second).await?;
    probe.expect(&first, 0, &a).await?;
    probe.delete(&first).await?;

    // File systems and databases exist that ignore it.
    probe.begin(3, "names that differ in case alone are different");
    let first = probe.fresh_name();
    let second = in_other_case(first);
    probe.put(&first, &a, HOUR).await?;
    probe.put(&second, &b, HOUR).await?;
    probe.expect(&first, 0, &a).await?;
    probe.expect(&second, 0, &b).await?;
    probe.delete(&first).await?;
    probe.delete(&second).await
}

/// The name with upper and lower case exchanged: another name, except to stores that ignore case.
fn in_other_case(name: StoreName) -> StoreName {
    let exchanged = |letter: char| match letter {
        'a'..='z' => letter.to_ascii_uppercase(),
        _ => letter.to_ascii_lowercase(),
    };
    let text: String = name.to_text().chars().map(exchanged).collect();
    // Every text of this length and alphabet is a name.
    text.parse().unwrap_or(name)
}

async fn deletion<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    probe.begin(6, "a deleted record is absent");
    let (name, record) = (probe.fresh_name(), probe.record(4, 70)?);
    probe.put(&name, &record, HOUR).await?;
    probe.delete(&name).await?;
    probe.expect_absent(&name, 0).await?;

    probe.begin(6, "deleting what is absent is no error");
    probe.delete(&name).await?;
    let never_written = probe.fresh_name();
    probe.delete(&never_written).await
}

async fn repetition<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    probe.begin(7, "the same put may be repeated");
    let (name, record) = (probe.fresh_name(), probe.record(5, 80)?);
    probe.put(&name, &record, HOUR).await?;
    probe.put(&name, &record, HOUR).await?;
    probe.expect(&name, 0, &record).await?;

    probe.begin(7, "of repeated puts the last expiry holds");
    probe.put(&name, &record, DAY).await?;
    probe.expect(&name, HOUR, &record).await?;
    probe.put(&name, &record, HOUR).await?;
    probe.expect_absent(&name, HOUR).await?;
    probe.delete(&name).await
}

async fn revocation<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    probe.begin(12, "a revocation replaces the one before");
    let name = probe.fresh_name();
    for (seed, lifetime) in [(8, HOUR), (9, DAY)] {
        let record = probe.record(seed, 8)?;
        probe.revoke(&name, &record, lifetime).await?;
        probe.expect_fresh(&name, &record, lifetime).await?;
    }
    probe.delete(&name).await
}

async fn second_record<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<bool, Failure> {
    probe.begin(
        7,
        "a second record conflicts, or replaces the first as a whole",
    );
    let (name, first, second) = (
        probe.fresh_name(),
        probe.record(6, 90)?,
        probe.record(7, 30)?,
    );
    probe.put(&name, &first, HOUR).await?;
    let replaces = match probe.try_put(&name, &second, DAY).await {
        Ok(()) => {
            probe.expect(&name, HOUR, &second).await?;
            true
        }
        Err(StoreError::Conflict) => {
            probe.expect(&name, 0, &first).await?;
            probe.expect_absent(&name, HOUR).await?;
            false
        }
        Err(error) => return Err(probe.failure(format!("second put failed: {error}"))),
    };
    probe.delete(&name).await?;
    Ok(replaces)
}

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;
