use core::pin::Pin;

use session_codec::Timestamp;
use session_store::{About, Head, Kept, Record, RecordName, SessionStore, StoreError, Swapped};

use crate::{
    clock,
    counters::{self, StoreCall},
};

/// A store whose calls are counted, by what came of them and how long it took.
pub(crate) struct Measured<S> {
    inner: S,
    store: &'static str,
}

impl<S> Measured<S> {
    pub(crate) const fn new(inner: S, store: &'static str) -> Self {
        Self { inner, store }
    }

    /// In a box: a future that is handed on is in its taker twice, as what was handed on and as
    /// what is awaited, so every layer around a store doubles it. Unboxed, each request took 45 KB.
    async fn call<T>(
        &self,
        call: StoreCall,
        answer: Pin<Box<impl Future<Output = Result<T, StoreError>>>>,
        label: impl Fn(&T) -> &'static str,
    ) -> Result<T, StoreError> {
        measured(self.store, call, answer, label).await
    }
}

/// Counts a call to a store.
pub(crate) async fn measured<T>(
    store: &'static str,
    call: StoreCall,
    answer: impl Future<Output = Result<T, StoreError>>,
    label: impl Fn(&T) -> &'static str,
) -> Result<T, StoreError> {
    let began = clock::now();
    let answer = answer.await;
    let outcome = answer.as_ref().map_or_else(StoreError::label, label);
    let millis = clock::now().millis_since(began);
    counters::store_call(store, call, outcome, millis);
    answer
}

const fn found(record: &Option<Kept>) -> &'static str {
    match record {
        Some(_) => "hit",
        None => "miss",
    }
}

const fn done(_: &()) -> &'static str {
    "ok"
}

const fn moved(swapped: &Swapped) -> &'static str {
    match swapped {
        Swapped::Done => "ok",
        Swapped::Other(_) => "other",
        Swapped::Ended => "ended",
        Swapped::Unkept => "unkept",
    }
}

impl<S: SessionStore> SessionStore for Measured<S> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.call(StoreCall::Read, Box::pin(self.inner.get(name, now)), found)
            .await
    }

    async fn get_fresh(
        &self,
        name: &RecordName,
        now: Timestamp,
    ) -> Result<Option<Kept>, StoreError> {
        // Mostly revocations, which are absent as a rule: no part of a hit ratio.
        self.call(
            StoreCall::Check,
            Box::pin(self.inner.get_fresh(name, now)),
            found,
        )
        .await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let put = self.inner.put(name, record, about, now);
        self.call(StoreCall::Write, Box::pin(put), done).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.call(StoreCall::Delete, Box::pin(self.inner.delete(name)), done)
            .await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        let swap = self.inner.swap_head(session, from, to, expires, now);
        self.call(StoreCall::Swap, Box::pin(swap), moved).await
    }

    async fn end_head(
        &self,
        session: &RecordName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let end = self.inner.end_head(session, expires, now);
        self.call(StoreCall::Swap, Box::pin(end), done).await
    }
}
