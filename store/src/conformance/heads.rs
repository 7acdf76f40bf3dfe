use super::Failure;
use super::probe::{HEAD_LIFETIME, Probe};
use crate::head::{Head, HeadState};
use crate::proposal::Committed;
use crate::store::SessionStore;
use session_codec::StoreName;

/// Clauses 10, 11, 13 and 14; gives whether the store keeps heads.
pub(super) async fn all<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<bool, Failure> {
    listing(probe).await?;
    let (session, [a, b, c]) = line(probe);
    let first = probe.try_swap(&session, (None, Some(&a)), 0).await?;
    if let Committed::Saved(saved) = &first
        && !saved.is_compared
    {
        if probe.head(&session, 0).await? != HeadState::NotKept {
            return Err(probe.failure("heads are not compared, and one is shown".into()));
        }
        return Ok(false);
    }
    moves(probe, &session, first, [&a, &b, &c]).await?;
    expiry(probe).await?;
    tombstones(probe).await?;
    wholes(probe).await?;
    Ok(true)
}

/// A session's name and three heads that it may have, in one place.
fn line<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> (StoreName, [Head; 3]) {
    let session = probe.fresh_name();
    let heads = ["a", "b", "c"].map(|cookie| Head {
        record: probe.fresh_name_beside(session),
        cookie: cookie.into(),
    });
    (session, heads)
}

async fn listing<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    probe.begin(14, "a commit keeps a record and tells what is listed");
    let listed = probe.fresh_name();
    // One of the same session, one of nobody's.
    let names = [listed, probe.fresh_name_beside(listed), probe.fresh_name()];
    let end = probe.record(10, 8)?;
    probe.revoke(&listed, &end, HEAD_LIFETIME).await?;
    let (name, record) = (probe.fresh_name_beside(listed), probe.record(11, 50)?);
    let proposal = probe.proposal(&name, &record, &names);
    probe
        .expect_listed(&proposal, &[Some(&end), None, None])
        .await?;
    probe.expect(&name, 0, &record).await?;
    probe.begin(14, "a commit may be repeated, and may only ask");
    probe
        .expect_listed(&proposal, &[Some(&end), None, None])
        .await?;
    let mut question = proposal;
    question.record = None;
    question.unless_ended.reverse();
    probe
        .expect_listed(&question, &[None, None, Some(&end)])
        .await?;
    probe.delete(&name).await?;
    probe.delete(&listed).await
}

async fn moves<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
    session: &StoreName,
    first: Committed,
    [a, b, c]: [&Head; 3],
) -> Result<(), Failure> {
    probe.begin(10, "an absent head moves");
    if !matches!(first, Committed::Saved(_)) {
        return Err(probe.failure("the first move was not done".into()));
    }
    probe.begin(10, "the same move may be repeated");
    let done = Expected::Saved;
    probe.swap(session, (None, Some(a)), 0, done).await?;
    probe.begin(10, "who comes second sees who was first");
    let other = Expected::Other(a);
    probe.swap(session, (None, Some(b)), 0, other).await?;
    probe.swap(session, (Some(c), Some(b)), 0, other).await?;
    probe.swap(session, (Some(c), None), 0, other).await?;
    probe.begin(10, "a head is shown, and stays where it is");
    probe.expect_head(session, 0, Shown::At(a)).await?;
    probe.expect_head(session, 0, Shown::At(a)).await?;
    probe.begin(10, "a head moves from where it is");
    probe.swap(session, (Some(a), Some(b)), 0, done).await?;
    let other = Expected::Other(b);
    probe.swap(session, (Some(a), Some(c)), 0, other).await?;
    probe.begin(10, "a forgotten head moves from anything");
    probe.swap(session, (Some(b), None), 0, done).await?;
    probe.expect_head(session, 0, Shown::Absent).await?;
    probe.swap(session, (Some(a), Some(c)), 0, done).await?;
    probe.swap(session, (Some(c), None), 0, done).await
}

async fn expiry<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    probe.begin(10, "a head stands until it expires");
    let (session, [a, b, _]) = line(probe);
    let done = Expected::Saved;
    probe.swap(&session, (None, Some(&a)), 0, done).await?;
    let (last, other) = (HEAD_LIFETIME - 1, Expected::Other(&a));
    probe.swap(&session, (None, Some(&b)), last, other).await?;
    probe.expect_head(&session, last, Shown::At(&a)).await?;
    probe.begin(10, "an expired head moves from anything");
    let over = HEAD_LIFETIME;
    probe.expect_head(&session, over, Shown::Absent).await?;
    probe.swap(&session, (None, Some(&b)), over, done).await
}

async fn tombstones<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    let (done, ended) = (Expected::Saved, Expected::Ended);
    let (session, [a, b, _]) = line(probe);
    probe.begin(11, "a session that ended stays ended");
    probe.swap(&session, (None, Some(&a)), 0, done).await?;
    probe.end(&session, Some(&a)).await?;
    probe.end(&session, None).await?;
    probe.expect_head(&session, 0, Shown::Ended).await?;
    for (from, to) in [
        (Some(&a), Some(&b)),
        (None, Some(&b)),
        (Some(&a), None),
        (None, Some(&a)),
    ] {
        probe
            .swap(&session, (from, to), HEAD_LIFETIME - 1, ended)
            .await?;
    }
    probe.begin(
        11,
        "a session without a head can end too, and others do not notice",
    );
    let (neighbour, [_, c, _]) = line(probe);
    probe.end(&neighbour, None).await?;
    probe.swap(&neighbour, (None, Some(&c)), 0, ended).await?;
    let (other, [_, d, _]) = line(probe);
    probe.swap(&other, (None, Some(&d)), 0, done).await?;
    probe.swap(&other, (Some(&d), None), 0, done).await?;
    probe.begin(11, "a tombstone expires");
    probe
        .swap(&session, (None, Some(&b)), HEAD_LIFETIME, done)
        .await
}

async fn wholes<S: SessionStore, N: FnMut() -> StoreName>(
    probe: &mut Probe<'_, S, N>,
) -> Result<(), Failure> {
    let (session, [a, b, c]) = line(probe);
    let record = probe.record(12, 100)?;
    probe.begin(13, "a record is kept with its head");
    let proposal = |probe: &Probe<'_, S, N>, from, to: &Head| {
        let mut proposal = probe.proposal(&to.record, &record, &[]);
        proposal.head = Some(probe.head_move(&session, (from, Some(to))));
        proposal
    };
    let first = proposal(probe, None, &a);
    probe.commit(&first, Expected::Saved).await?;
    probe.expect(&a.record, 0, &record).await?;
    probe.commit(&first, Expected::Saved).await?;
    probe.begin(13, "of what somebody else was faster with nothing is kept");
    let second = proposal(probe, None, &b);
    probe.commit(&second, Expected::Other(&a)).await?;
    probe.expect_absent(&b.record, 0).await?;
    probe.begin(13, "the record that comes with a head is the head's");
    probe.expect_record_if_shown(&session, &record).await?;
    probe
        .commit(&proposal(probe, Some(&a), &b), Expected::Saved)
        .await?;
    probe.expect(&b.record, 0, &record).await?;
    probe.begin(13, "nor of a session that ended");
    probe.end(&session, Some(&b)).await?;
    probe
        .commit(&proposal(probe, Some(&b), &c), Expected::Ended)
        .await?;
    probe.expect_absent(&c.record, 0).await?;
    probe.delete(&a.record).await?;
    probe.delete(&b.record).await
}

/// What the head is to be.
#[derive(Clone, Copy)]
pub(super) enum Shown<'a> {
    Absent,
    At(&'a Head),
    Ended,
}

impl Shown<'_> {
    pub(super) fn is(self, seen: &HeadState) -> bool {
        match (self, seen) {
            (Self::Absent, HeadState::Absent) | (Self::Ended, HeadState::Ended) => true,
            (Self::At(head), HeadState::At(newest)) => *head == newest.head,
            _ => false,
        }
    }

    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Absent => "no head",
            Self::At(_) => "a head",
            Self::Ended => "an end",
        }
    }
}

/// What a commit is to give.
#[derive(Clone, Copy)]
pub(super) enum Expected<'a> {
    Saved,
    Other(&'a Head),
    Ended,
}

impl Expected<'_> {
    pub(super) fn is(self, seen: &Committed) -> bool {
        match (self, seen) {
            (Self::Saved, Committed::Saved(saved)) => saved.is_compared,
            (Self::Other(head), Committed::Other(seen)) => *head == seen.head,
            (Self::Ended, Committed::Ended) => true,
            _ => false,
        }
    }

    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Saved => "done",
            Self::Other(_) => "another head",
            Self::Ended => "ended",
        }
    }
}
