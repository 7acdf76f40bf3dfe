use session_store::{Around, Call, Circuit, SessionStore, StoreError};

use crate::clock::now;

/// Leaves a store alone while it is down, by this machine's clock: calls are given the clock of whoever asks, and reads
/// an earlier one, so by theirs it would be left alone for one and not for the other.
pub struct Breaker(Circuit);

impl Breaker {
    pub(super) const fn new() -> Self {
        Self(Circuit::new())
    }
}

impl Around for Breaker {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        match call.now() {
            Some(_) => self.0.call(now(), call.make(store)).await,
            // A deletion: nobody waits for it.
            None => call.make(store).await,
        }
    }
}
