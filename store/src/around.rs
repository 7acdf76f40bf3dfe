use session_codec::{StoreName, Timestamp};

use crate::error::StoreError;
use crate::head::{self, HeadState};
use crate::proposal::{Committed, Proposal};
use crate::record::{Record, StoredRecord};
use crate::record_meta::RecordMeta;
use crate::store::SessionStore;

/// What is done around every call to a store: counting, limiting, refusing, failing.
pub trait Around {
    /// Makes a call, [`Call::make`], as often as need be, or not at all.
    ///
    /// # Errors
    /// The call's, or whatever stands around it has to say.
    fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> impl Future<Output = Result<C::Answer, StoreError>>;
}

/// One call to a store, with what it is given.
///
/// No closure: whether the future of one may move between threads is more than the compiler can
/// tell where the store is not known yet.
pub trait Call {
    /// What comes of it.
    type Answer: Outcome;

    /// Which method it is.
    fn method(&self) -> Method;

    /// The time that it was given, if it was given one.
    fn now(&self) -> Option<Timestamp>;

    /// Makes it.
    ///
    /// # Errors
    /// The store's.
    fn make<S: SessionStore>(
        &self,
        store: &S,
    ) -> impl Future<Output = Result<Self::Answer, StoreError>>;
}

/// A method of [`SessionStore`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the methods say what they are")]
pub enum Method {
    Get,
    GetFresh,
    Put,
    Delete,
    Commit,
    Head,
    End,
}

/// What a call gives, in one word for counters: never changes, never depends on data.
pub trait Outcome {
    /// The word.
    fn label(&self) -> &'static str;
}

impl Outcome for Option<StoredRecord> {
    fn label(&self) -> &'static str {
        match self {
            Some(_) => "hit",
            None => "miss",
        }
    }
}

impl Outcome for () {
    fn label(&self) -> &'static str {
        "ok"
    }
}

impl Outcome for Committed {
    fn label(&self) -> &'static str {
        match self {
            Self::Saved(_) => "ok",
            Self::Other(_) => "other",
            Self::Ended => "ended",
        }
    }
}

impl Outcome for HeadState {
    fn label(&self) -> &'static str {
        match self {
            Self::Absent => "miss",
            Self::At(_) => "hit",
            Self::Ended => "ended",
            Self::NotKept => "unkept",
        }
    }
}

impl Outcome for Option<head::Head> {
    fn label(&self) -> &'static str {
        "ok"
    }
}

/// A store, and what is done around each of its calls.
pub struct Wrapped<S, A> {
    inner: S,
    around: A,
}

impl<S, A> Wrapped<S, A> {
    /// `inner` with `around` in front of it.
    pub const fn new(inner: S, around: A) -> Self {
        Self { inner, around }
    }

    /// The store behind.
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// What is in front.
    pub const fn front(&self) -> &A {
        &self.around
    }
}

macro_rules! calls {
    ($($name:ident($($given:ident: $kind:ty),*; $($now:ident)?) -> $answer:ty = $method:ident;)+) => { $(
        struct $name<'a> {
            $($given: $kind,)*
            $($now: Timestamp,)?
        }

        impl Call for $name<'_> {
            type Answer = $answer;

            fn method(&self) -> Method {
                Method::$name
            }

            fn now(&self) -> Option<Timestamp> {
                [$(self.$now)?].first().copied()
            }

            async fn make<S: SessionStore>(&self, store: &S) -> Result<$answer, StoreError> {
                store.$method($(self.$given,)* $(self.$now)?).await
            }
        }
    )+ };
}

calls! {
    Get(name: &'a StoreName; now) -> Option<StoredRecord> = get;
    GetFresh(name: &'a StoreName; now) -> Option<StoredRecord> = get_fresh;
    Put(name: &'a StoreName, record: &'a Record, meta: &'a RecordMeta; now) -> () = put;
    Delete(name: &'a StoreName;) -> () = delete;
    Commit(proposal: &'a Proposal; now) -> Committed = commit;
    Head(session: &'a StoreName; now) -> HeadState = head;
    End(session: &'a StoreName, expires: Timestamp; now) -> Option<head::Head> = end;
}

impl<S: SessionStore, A: Around> SessionStore for Wrapped<S, A> {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.around.around(&Get { name, now }, &self.inner).await
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let call = GetFresh { name, now };
        self.around.around(&call, &self.inner).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        meta: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let call = Put {
            name,
            record,
            meta,
            now,
        };
        self.around.around(&call, &self.inner).await
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.around.around(&Delete { name }, &self.inner).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let call = Commit { proposal, now };
        self.around.around(&call, &self.inner).await
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        let call = Head { session, now };
        self.around.around(&call, &self.inner).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<head::Head>, StoreError> {
        let call = End {
            session,
            expires,
            now,
        };
        self.around.around(&call, &self.inner).await
    }
}
