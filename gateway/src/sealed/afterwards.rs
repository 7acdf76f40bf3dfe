use alloc::sync::Arc;
use core::time::Duration;

use serde_json::json;
use session_codec::{Lineage, StoreName, Timestamp};
use session_store::Head;

use crate::{
    gate,
    gateway::{Gateway, Outbound},
    platform::Platform,
    revocation::{self, Memory},
    site::Site,
};

/// What nobody waits for: it is to be run when the answer is sent.
pub struct Afterwards<P: Platform> {
    site: Arc<Site>,
    platform: P,
    store: Arc<P::Store>,
    memory: Memory<P::DataCentre>,
    deletions: Vec<StoreName>,
    unrevoked: Option<Lineage>,
    overtaken: Option<(Lineage, Head)>,
    now: Timestamp,
}

impl<P: Platform> Afterwards<P> {
    /// What a request left behind, if it is anything.
    pub(crate) fn of(gateway: Gateway<P>, outbound: Outbound) -> Option<Self> {
        let Outbound {
            deletions,
            unrevoked,
            overtaken,
            ..
        } = outbound;
        if deletions.is_empty() && unrevoked.is_none() && overtaken.is_none() {
            return None;
        }
        let memory = gateway.memory();
        // It could be opened a moment ago; records that stay expire by themselves.
        let store = gateway.store().ok().flatten()?;
        Some(Self {
            site: gateway.site,
            platform: gateway.platform,
            store,
            memory,
            deletions,
            unrevoked,
            overtaken,
            now: gateway.now,
        })
    }

    /// Does it, for as long as the platform lets us after an answer.
    pub async fn run(mut self) {
        if let Some(lineage) = self.unrevoked.take() {
            let head = self.retry_revocation(&lineage).await;
            self.overtaken = head.map(|head| (lineage, head));
        }
        if let Some((lineage, head)) = self.overtaken.take() {
            let (codec, store) = (&self.site.codec, &*self.store);
            let records = gate::records_of_ended(codec, store, &lineage, head, self.now);
            self.deletions.extend(records.await);
        }
        self.deletions.sort_unstable();
        self.deletions.dedup();
        gate::delete_all(&*self.store, self.deletions).await;
    }

    /// Tries again to take a session down. Gives the head that it had.
    async fn retry_revocation(&self, lineage: &Lineage) -> Option<Head> {
        let (codec, store) = (&self.site.codec, &*self.store);
        for seconds in [1, 4, 10] {
            self.platform.pause(Duration::from_secs(seconds)).await;
            let again = revocation::revoke_session(codec, store, &self.memory, lineage, self.now);
            if let Ok(head) = again.await {
                crate::counters::revoked("retry");
                return head;
            }
        }
        let detail = json!("copies of the cookie stay valid");
        crate::log::warn("revocation-given-up", &detail);
        None
    }
}
