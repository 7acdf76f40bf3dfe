//! The parts that are asked, each in its own way.

use core::{cell::Cell, time::Duration};

use session_codec::{StoreName, Timestamp};
use session_gateway::{
    Platform,
    counters::Series,
    rows::{Rows as _, SessionKey},
    seen,
};
use session_store::{Record, RecordMeta, SessionStore, StoreError};

use super::Checked;
use crate::{
    clock, fleet, origin,
    platform::Runtime,
    store::{AnyRecords, Database},
    tier::Tier,
};

/// How far a clock may be off.
const SKEW_SECONDS: i64 = 60;

const STORE_CURE: &str =
    "see the store's own dashboard and limits; docs/STORES.md says what each needs";

fn failed(error: &StoreError) -> (String, &'static str) {
    (error.to_string(), STORE_CURE)
}

/// Written, read, deleted, past breaker and cache.
pub(super) async fn store(runtime: &Runtime, tier: Tier, now: Timestamp) -> Checked {
    let origin = runtime.settings().origin_store.as_ref();
    let store = AnyRecords::open(tier, runtime.env(), origin)
        .map_err(|error| (error.to_string(), "the binding has to be of its kind"))?;
    let (name, record) = probe()?;
    let about = RecordMeta::session_until(soon(now));
    let put = store.put(&name, &record, &about, now).await;
    put.map_err(|error| failed(&error))?;
    let kept = store.get_fresh(&name, now).await;
    let kept = kept.map_err(|error| failed(&error))?;
    let deleted = store.delete(&name).await;
    deleted.map_err(|error| failed(&error))?;
    match kept {
        Some(kept) if kept.record.bytes() == record.bytes() => Ok(()),
        // It promises no more.
        None if !tier.is_strong() => Ok(()),
        _ => Err(("what was written is not there".to_owned(), STORE_CURE)),
    }
}

/// A name that nobody has, and something to keep under it.
fn probe() -> Result<(StoreName, Record), (String, &'static str)> {
    let mut name = [0; 24];
    getrandom::fill(&mut name).map_err(|error| (error.to_string(), "the platform is unwell"))?;
    let record = Record::new(b"health".to_vec()).map_err(|_| ("no record".to_owned(), ""))?;
    Ok((StoreName::new(name), record))
}

/// When what was kept for a probe ends by itself.
fn soon(now: Timestamp) -> Timestamp {
    Timestamp::from_seconds(now.seconds() + 120)
}

/// Ends something as a log out ends a session that was looked up before, and looks it up as a page
/// does until that is seen. `seen` gets the milliseconds it took; it stays as it is where the store
/// promises no such thing.
pub(super) async fn revocation(
    runtime: &Runtime,
    seen: &Cell<Option<i64>>,
    now: Timestamp,
) -> Checked {
    let Some(store) = runtime.store().map_err(|error| failed(&error))? else {
        return Ok(());
    };
    let (name, record) = probe()?;
    let about = RecordMeta::revocation_until(soon(now));
    let is_there = async || {
        store
            .get_fresh(&name, now)
            .await
            .map_err(|error| failed(&error))
    };
    // A store may keep in mind that there is nothing.
    is_there().await?;
    let began = clock::now();
    let put = store.put(&name, &record, &about, now).await;
    put.map_err(|error| failed(&error))?;
    let mut pauses = PAUSES.into_iter();
    while is_there().await?.is_none() {
        let Some(pause) = pauses.next() else {
            let tiers = runtime.settings().store.tiers();
            return match tiers.last().is_some_and(Tier::is_strong) {
                true => Err(("a log out is not seen".to_owned(), STORE_CURE)),
                false => Ok(()),
            };
        };
        runtime.pause(Duration::from_millis(pause)).await;
    }
    seen.set(Some(clock::now().millis_since(began)));
    store.delete(&name).await.map_err(|error| failed(&error))
}

/// Milliseconds between looks for an end, a second in all: a look costs, and what is not seen at
/// once takes long.
const PAUSES: [u64; 6] = [20, 40, 80, 160, 320, 400];

/// Whether the migrations were applied.
pub(super) async fn tables(runtime: &Runtime, is_rows: bool, now: Timestamp) -> Checked {
    const OURS: &str = "SELECT count(*) AS tables FROM sqlite_master WHERE ?1 > 0 AND type = 'table' \
        AND name IN ('session_record', 'session_head')";
    const DJANGOS: &str = "SELECT 2 * count(*) AS tables FROM sqlite_master WHERE ?1 > 0 \
        AND type = 'table' AND name = 'django_session'";
    let database = runtime.env().d1(Tier::D1.binding());
    let database =
        database.map_err(|error| (error.to_string(), "SESSIONS_DB has to be a D1 database"))?;
    let query = if is_rows { DJANGOS } else { OURS };
    let found = Database::new(database)
        .query(query, now)
        .await
        .map_err(|error| failed(&error))?;
    let tables = found.first().and_then(|row| row.integer("tables").ok());
    match tables.flatten() {
        Some(2) => Ok(()),
        _ if is_rows => Err((
            "there is no table django_session".to_owned(),
            "python manage.py migrate sessions, with the database that is bound as SESSIONS_DB",
        )),
        _ => Err((
            "its tables are not there".to_owned(),
            "npx wrangler d1 migrations apply edge-session --remote",
        )),
    }
}

/// A key that nobody has: whoever keeps sessions says that it is not there.
pub(super) async fn rows(runtime: &Runtime, now: Timestamp) -> Checked {
    let rows = runtime.rows().map_err(|error| failed(&error))?;
    let Some(key) = SessionKey::read(b"healthhealthhealthhealthhealth00") else {
        return Ok(());
    };
    rows.find(&key, now)
        .await
        .map(drop)
        .map_err(|error| failed(&error))
}

pub(super) async fn sums(runtime: &Runtime) -> Checked {
    let sums = fleet::sums(runtime.env()).await.map_err(|error| {
        let cure = "the class SessionShard has to be of this release: edge-session deploy";
        (error.to_string(), cure)
    })?;
    let hour = Series::from(sums.hour.as_str());
    let name = "session_origin_cookies_total";
    let (all, read) = (hour.sum(name, ""), hour.sum(name, "\"read\""));
    if all > read {
        let problem = format!(
            "{} of {all} sessions that the site set in the last hour could not be read",
            all - read
        );
        return Err((problem, ORIGIN_COOKIE_CURE));
    }
    Ok(())
}

const ORIGIN_COOKIE_CURE: &str = "DJANGO_SECRET_KEY has to be the site's SECRET_KEY, SESSION_ENGINE signed_cookies and SESSION_SERIALIZER the JSONSerializer; session-save-failed in the log says which";

/// The site answers, and its clock is ours.
pub(super) async fn site(runtime: &Runtime, now: Timestamp) -> Checked {
    let settings = runtime.settings();
    let answer = origin::ask(&settings.site.origin).await.map_err(|error| {
        (
            format!("it does not answer: {error}"),
            "ORIGIN_URL has to be the site's address, and the site up",
        )
    })?;
    if answer.status >= 500 {
        let cure = "the site's own log says why";
        return Err((format!("it answers {}", answer.status), cure));
    }
    let theirs = answer.date.as_deref().and_then(settings.site.date);
    if let Some(theirs) = theirs {
        let ahead = theirs.seconds() - now.seconds();
        if ahead.abs() > SKEW_SECONDS {
            let problem = format!("its clock is {ahead} s ahead of the Worker's");
            return Err((
                problem,
                "have its clock set by NTP: cookies of the future are refused",
            ));
        }
    }
    match seen::so_far().unread_origin_cookie {
        Some(reason) => Err((
            format!("its sessions cannot be read: {reason}"),
            ORIGIN_COOKIE_CURE,
        )),
        None => Ok(()),
    }
}
