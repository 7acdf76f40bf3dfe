use super::Failure;
use super::probe::{HEAD_LIFETIME, Probe};
use crate::head::{Head, Swapped};
use crate::record::RecordName;
use crate::store::SessionStore;

/// Clauses 10 and 11, if the store keeps heads; gives whether it does.
pub(super) async fn all<S: SessionStore, N: FnMut() -> RecordName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<bool, Failure> {
    let [a, b, c] = ["a", "b", "c"].map(|cookie| Head {
        record: probe.fresh_name(),
        cookie: cookie.into(),
    });
    let session = probe.fresh_name();
    let first = probe.try_swap(&session, (None, Some(&a)), 0).await?;
    if first == Swapped::Unkept {
        return Ok(false);
    }
    moves(probe, &session, first, [&a, &b, &c]).await?;
    expiry(probe, [&a, &b]).await?;
    tombstones(probe, [&a, &b]).await?;
    Ok(true)
}

async fn moves<S: SessionStore, N: FnMut() -> RecordName>(
    probe: &mut Probe<'_, S, N>,
    session: &RecordName,
    first: Swapped,
    [a, b, c]: [&Head; 3],
) -> Result<(), Failure> {
    probe.begin(10, "an absent head moves");
    if first != Swapped::Done {
        return Err(probe.failure("the first swap was not done".into()));
    }
    probe.begin(10, "the same swap may be repeated");
    let done = Swapped::Done;
    probe.swap(session, (None, Some(a)), 0, &done).await?;
    probe.begin(10, "who comes second sees who was first");
    let other = Swapped::Other(a.clone());
    probe.swap(session, (None, Some(b)), 0, &other).await?;
    probe.swap(session, (Some(c), Some(b)), 0, &other).await?;
    probe.swap(session, (Some(c), None), 0, &other).await?;
    probe.begin(10, "a head moves from where it is");
    probe.swap(session, (Some(a), Some(b)), 0, &done).await?;
    let other = Swapped::Other(b.clone());
    probe.swap(session, (Some(a), Some(c)), 0, &other).await?;
    probe.begin(10, "a forgotten head moves from anything");
    probe.swap(session, (Some(b), None), 0, &done).await?;
    probe.swap(session, (Some(a), Some(c)), 0, &done).await?;
    probe.swap(session, (Some(c), None), 0, &done).await
}

async fn expiry<S: SessionStore, N: FnMut() -> RecordName>(
    probe: &mut Probe<'_, S, N>,
    [a, b]: [&Head; 2],
) -> Result<(), Failure> {
    probe.begin(10, "a head stands until it expires");
    let session = probe.fresh_name();
    let done = Swapped::Done;
    probe.swap(&session, (None, Some(a)), 0, &done).await?;
    let (last, other) = (HEAD_LIFETIME - 1, Swapped::Other(a.clone()));
    probe.swap(&session, (None, Some(b)), last, &other).await?;
    probe.begin(10, "an expired head moves from anything");
    let expired = probe.swap(&session, (None, Some(b)), HEAD_LIFETIME, &done);
    expired.await
}

async fn tombstones<S: SessionStore, N: FnMut() -> RecordName>(
    probe: &mut Probe<'_, S, N>,
    [a, b]: [&Head; 2],
) -> Result<(), Failure> {
    let (done, ended) = (Swapped::Done, Swapped::Ended);
    let (session, neighbour) = (probe.fresh_name(), probe.fresh_name());
    probe.begin(11, "a session that ended stays ended");
    probe.swap(&session, (None, Some(a)), 0, &done).await?;
    probe.end_head(&session).await?;
    probe.end_head(&session).await?;
    for (from, to) in [
        (Some(a), Some(b)),
        (None, Some(b)),
        (Some(a), None),
        (None, Some(a)),
    ] {
        probe
            .swap(&session, (from, to), HEAD_LIFETIME - 1, &ended)
            .await?;
    }
    probe.begin(
        11,
        "a session without a head can end too, and others do not notice",
    );
    probe.end_head(&neighbour).await?;
    probe.swap(&neighbour, (None, Some(b)), 0, &ended).await?;
    let other = probe.fresh_name();
    probe.swap(&other, (None, Some(b)), 0, &done).await?;
    probe.swap(&other, (Some(b), None), 0, &done).await?;
    probe.begin(11, "a tombstone expires");
    probe
        .swap(&session, (None, Some(b)), HEAD_LIFETIME, &done)
        .await
}
