//! Saving a session: sealed, kept by the store, and only then handed out.

use session_codec::{
    Codec, Commit, HeadChange, Issue, OpenSession, Repeated, Session, SessionData, StoreName,
    StoreOp, Timestamp,
};
use session_store::{
    Committed, Head, HeadMove, NewRecord, Newest, Proposal, Record, RecordMeta, SessionStore,
    StoreError,
};

use super::{ABSENT, Age, Draft, Missing, SaveError, Saved, deletions, open_newest};
use crate::{
    counters,
    entropy::Entropy,
    revocation::{DataCentre, Memory, Standing, Subject, judge},
    workspace::with_workspace,
};

/// Attempts to merge with others before giving up. In each round one of those who try at once is
/// through, wherever the store is, so of eight at once all are.
pub(super) const MERGE_ROUNDS: usize = 7;

/// The session that a draft goes on with.
pub(crate) struct Followed<'a, D> {
    pub(crate) subject: &'a Subject,
    pub(crate) memory: &'a Memory<D>,
    /// Whether nothing is handed out while the store does not say that it is in force. It need not
    /// where the next cookie has the name that this one has on the list: it ends with it.
    pub(crate) must_be_known: bool,
}

/// Why a session was not saved. The cookie the browser has stays good, unless the session ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotSaved {
    pub(crate) error: SaveError,
    /// Records that nobody needs.
    pub(crate) deletions: Vec<StoreName>,
}

impl From<SaveError> for NotSaved {
    fn from(error: SaveError) -> Self {
        Self {
            error,
            deletions: Vec::new(),
        }
    }
}

/// Seals a session, has the store keep it, and only then hands out its cookie: in one trip.
///
/// Of two requests that change a session at once the second finds the first one's head, merges
/// key by key and tries again: nobody's change is lost, where the store can compare and swap.
/// Of a session that is `followed` nothing is handed out that has ended, which the store says in the
/// same answer: so an end is seen that came while the origin took its time.
pub(crate) async fn save<D: DataCentre>(
    codec: &Codec,
    store: Option<&impl SessionStore>,
    followed: Option<&Followed<'_, D>>,
    draft: Draft<'_>,
    now: Timestamp,
) -> Result<Saved, NotSaved> {
    let mut attempt = Attempt {
        codec,
        store,
        followed,
        now,
        known: Age {
            issued: draft.base_issued,
            revision: draft.session.lineage().revision(),
        },
        draft,
        theirs: None,
        merged: None,
        gone: None,
    };
    for _ in 0..=MERGE_ROUNDS {
        let sealed = attempt.seal()?;
        match attempt.commit(&sealed.proposal).await? {
            Kept::Whole(how) => return Ok(attempt.saved(sealed, how)),
            Kept::Ended(seen) => return Err(attempt.ended(sealed, seen).await),
            Kept::Other(newest) => attempt.meet(&sealed, &newest).await?,
        }
    }
    counters::merged("given_up");
    Err(SaveError::Contested.into())
}

/// A session that is being saved, and what it has met on the way.
struct Attempt<'a, S, D> {
    codec: &'a Codec,
    store: Option<&'a S>,
    followed: Option<&'a Followed<'a, D>>,
    now: Timestamp,
    /// What is to be saved; where it was merged with another update it goes on from that one.
    draft: Draft<'a>,
    /// The latest state that this one is built upon.
    known: Age,
    /// What it was merged with last, in the place of the draft's base.
    theirs: Option<SessionData>,
    /// The session as it is to be, with everybody's changes.
    merged: Option<Session>,
    /// The record of a head that leads nowhere. Seen twice, it is gone for good.
    gone: Option<StoreName>,
}

/// A session as sealed, and what the store is asked to keep of it.
struct Sealed {
    commit: Commit,
    proposal: Proposal,
    deletions: Vec<StoreName>,
}

/// What the store made of a proposal.
enum Kept {
    Whole(How),
    Other(Newest),
    Ended(Seen),
}

/// How a proposal was kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// The store has a head of the session, which whoever comes with an earlier cookie finds.
    ByHead,
    /// There is none, or nothing was to be kept.
    Alone,
}

/// How an end was seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// By its tombstone: nothing was kept.
    Before,
    /// By the list, when the proposal was kept.
    After,
}

impl<S: SessionStore, D: DataCentre> Attempt<'_, S, D> {
    fn session(&self) -> &Session {
        self.merged.as_ref().unwrap_or(self.draft.session)
    }

    fn seal(&self) -> Result<Sealed, SaveError> {
        let (session, issued) = (self.session(), self.draft.issued);
        let issue = Issue::new(self.now, self.draft.lifetime).dated(issued);
        let sealing = |workspace: &mut _| self.codec.seal(session, issue, &mut Entropy, workspace);
        let mut commit = with_workspace(sealing).map_err(SaveError::Seal)?;
        let expires = self.codec.lifetimes().end(issued, session.created());
        let ops = core::mem::take(&mut commit.store_ops);
        let (record, deletions) = split(ops, &self.draft.about).map_err(SaveError::Store)?;
        let head = commit
            .head
            .map(|change| head_move(&change, &commit, expires));
        let followed = self.followed.map(|followed| followed.subject.names());
        let proposal = Proposal {
            record,
            head,
            unless_ended: followed.unwrap_or_default(),
        };
        Ok(Sealed {
            commit,
            proposal,
            deletions,
        })
    }

    async fn commit(&self, proposal: &Proposal) -> Result<Kept, SaveError> {
        let is_question = proposal.record.is_none() && proposal.head.is_none();
        let Some(store) = self.store else {
            return if is_question {
                Ok(Kept::Whole(How::Alone))
            } else {
                Err(SaveError::Store(StoreError::Refused {
                    reason: "no store".into(),
                }))
            };
        };
        if is_question && proposal.unless_ended.is_empty() {
            return Ok(Kept::Whole(How::Alone));
        }
        let mut committed = store.commit(proposal, self.now).await;
        if let Ok(Committed::Other(newest)) = &committed
            && self.gone.as_ref() == Some(&newest.head.record)
        {
            counters::merged("lost");
            let mut instead = proposal.clone();
            if let Some(change) = &mut instead.head {
                change.from = Some(newest.head.record);
            }
            committed = store.commit(&instead, self.now).await;
        }
        match committed {
            Ok(Committed::Saved(saved)) => {
                let how = match saved.is_compared && proposal.head.is_some() {
                    true => How::ByHead,
                    false => How::Alone,
                };
                let Some(followed) = self.followed else {
                    return Ok(Kept::Whole(how));
                };
                let Followed {
                    subject, memory, ..
                } = followed;
                match judge(memory, subject, &saved.listed, self.now) {
                    Ok(Standing::Active | Standing::Bound(_)) => Ok(Kept::Whole(how)),
                    Ok(Standing::Revoked) => Ok(Kept::Ended(Seen::After)),
                    Err(error) => self.unknown(error, how),
                }
            }
            Ok(Committed::Other(newest)) => Ok(Kept::Other(newest)),
            Ok(Committed::Ended) => Ok(Kept::Ended(Seen::Before)),
            Err(error) if is_question => self.unknown(error, How::Alone),
            // It may have moved: then the next one to save finds this change there and keeps it.
            Err(error) => Err(SaveError::Store(error)),
        }
    }

    /// Nobody knows whether the session has ended.
    fn unknown(&self, error: StoreError, how: How) -> Result<Kept, SaveError> {
        match self.followed {
            Some(followed) if followed.must_be_known => Err(SaveError::Store(error)),
            _ => Ok(Kept::Whole(how)),
        }
    }

    fn saved(self, sealed: Sealed, how: How) -> Saved {
        let mut deletions = sealed.deletions;
        let shrank = |change: HeadChange| !change.has_record;
        if how == How::ByHead && sealed.commit.head.is_some_and(shrank) {
            // There is no record that could name them, and whoever comes with an earlier cookie
            // finds by the head what is in the last one.
            deletions.extend(super::deletions(self.codec.end(self.session().lineage())));
            deletions.sort_unstable();
            deletions.dedup();
        }
        Saved {
            commit: sealed.commit,
            deletions,
            merged: self.merged.map(Session::into_data),
        }
    }

    /// All records of the session that are known here, the new one among them. A head that was
    /// moved when the end was seen ends as well.
    async fn ended(&self, sealed: Sealed, seen: Seen) -> NotSaved {
        let mut names = deletions(self.codec.end(self.session().lineage()));
        names.extend(sealed.deletions);
        if seen == Seen::After {
            names.extend(sealed.proposal.record.map(|new| new.name));
        }
        if seen == Seen::After
            && let (Some(store), Some(change)) = (self.store, sealed.proposal.head)
        {
            // Whatever becomes of it: the list says that the session ended.
            let _ = store.end(&change.session, change.expires, self.now).await;
        }
        names.sort_unstable();
        names.dedup();
        NotSaved {
            error: SaveError::Ended,
            deletions: names,
        }
    }

    /// Somebody else was first: what they made of the session and what this draft changes become
    /// one, to be tried in the next round.
    async fn meet(&mut self, sealed: &Sealed, newest: &Newest) -> Result<(), SaveError> {
        let (Some(store), Some(change)) = (self.store, &sealed.proposal.head) else {
            return Ok(());
        };
        let opened = match open_newest(self.codec, store, &change.session, newest, self.now).await {
            Ok(opened) => opened,
            // Others went on meanwhile and deleted it, or it is lost: the next round tells.
            Err(Missing::Unavailable(ABSENT) | Missing::Lost { .. }) => {
                self.gone = Some(newest.head.record);
                return Ok(());
            }
            Err(Missing::Unavailable(reason)) => {
                return Err(SaveError::Store(StoreError::Unavailable {
                    reason: reason.into(),
                }));
            }
        };
        // What is built upon here came later: the head was put back by whoever can write to the
        // store, or is one that another version of the Worker left.
        if !Age::of(&opened).is_after(self.known) {
            counters::merged("older");
            self.gone = Some(newest.head.record);
            return Ok(());
        }
        self.known = Age::of(&opened);
        let mark = self.draft.mark.as_ref();
        match mark.map(|mark| opened.lineage().repeated(mark, self.now)) {
            None | Some(Repeated::No) => self.merge(opened),
            Some(Repeated::Yes) => self.go_on_from(opened),
            Some(Repeated::OtherContent) => return Err(SaveError::KeyReused),
        }
        Ok(())
    }

    /// The same request was here before, and nobody knows who was told: its change is in what is
    /// there, and nothing is left to be done.
    fn go_on_from(&mut self, opened: OpenSession) {
        counters::merged("repeated");
        self.draft.issued = self.draft.issued.max(opened.issued());
        self.draft.patch = None;
        self.theirs = Some(opened.session().data().clone());
        self.merged = Some(opened.into_session());
    }

    fn merge(&mut self, opened: OpenSession) {
        let patch = self.draft.patch;
        let patched = patch.and_then(|patch| opened.session().patched(patch).ok());
        let both = patched.unwrap_or_else(|| {
            let base = self.theirs.as_ref().unwrap_or(self.draft.base);
            let both = SessionData::merged(base, self.session(), opened.session());
            if both.contested > 0 {
                counters::merged("same_key");
            }
            both.session
        });
        counters::merged("merged");
        self.draft.issued = self.draft.issued.max(opened.issued());
        let mut merged = opened.session().with_data(both);
        merged.remember_all_of(self.session().lineage());
        self.merged = Some(merged);
        self.theirs = Some(opened.into_session().into_data());
    }
}

fn head_move(change: &HeadChange, commit: &Commit, expires: Timestamp) -> HeadMove {
    HeadMove {
        session: change.session,
        from: change.from,
        to: Some(Head {
            record: change.to,
            cookie: commit.set_cookie.value().into(),
        }),
        expires,
    }
}

/// What a commit needs stored, and the names of the records that may be deleted then.
fn split(
    ops: Vec<StoreOp>,
    about: &RecordMeta,
) -> Result<(Option<NewRecord>, Vec<StoreName>), StoreError> {
    let (mut new, mut deletions) = (None, Vec::new());
    for op in ops {
        match op {
            StoreOp::Put {
                name,
                record,
                expires,
            } => {
                let bytes = record.len();
                let limit = Record::MAX_BYTES;
                let record =
                    Record::new(record).map_err(|_| StoreError::TooLarge { bytes, limit })?;
                let meta = RecordMeta {
                    expires,
                    ..about.clone()
                };
                new = Some(NewRecord { name, record, meta });
            }
            StoreOp::Delete { name } => deletions.push(name),
            // A later kind of operation that nobody taught us: better no cookie than half a save.
            _ => {
                return Err(StoreError::Refused {
                    reason: "unknown store operation".into(),
                });
            }
        }
    }
    Ok((new, deletions))
}
