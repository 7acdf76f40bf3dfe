use alloc::sync::Arc;

use session_codec::{StoreName, Timestamp};

use super::{DataCentre, Known, entry::Entry, known::Told};

/// How much an answer of before is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// What this isolate knows of ends is all that is asked for: it costs nothing.
    Known,
    /// It counts for as long as the settings say.
    Remembered,
    /// The store is asked: where much depends on it, and before a cookie is handed out.
    Afresh,
}

/// What was asked before, in this isolate and in this data centre: that a session is in force is
/// believed for as long as the settings say, that it has ended until every store shows it.
#[derive(Clone)]
pub(crate) struct Memory<D> {
    known: Arc<Known>,
    data_centre: D,
    /// How long an answer counts that nothing has ended, in milliseconds.
    millis: i64,
}

impl<D: DataCentre> Memory<D> {
    pub(crate) fn new(known: Arc<Known>, data_centre: D, seconds: u32) -> Self {
        Self {
            known,
            data_centre,
            millis: i64::from(seconds) * 1000,
        }
    }

    /// The answer of before, if there is one and it decides.
    pub(super) async fn recall(
        &self,
        name: &StoreName,
        created: Timestamp,
        ask: Ask,
        now: Timestamp,
    ) -> Option<Entry> {
        let decides = |told: &Told| match told.entry.ends(created) {
            true => is_recent(told, now),
            false => ask == Ask::Remembered && self.counts(told, now),
        };
        let near = self.known.get(name);
        if let Some(told) = near.filter(decides) {
            return Some(told.entry);
        }
        match ask {
            Ask::Known => return Some(Entry::Nothing),
            Ask::Remembered if self.millis > 0 => {}
            Ask::Remembered | Ask::Afresh => return None,
        }
        // In a box: a request that waits for its origin holds room for this all the time.
        let far = Box::pin(self.data_centre.read(name)).await;
        let told = far.filter(decides)?;
        self.known.insert(*name, told);
        Some(told.entry)
    }

    /// Remembers what the list said, and gives it: with what was known before, as an end does not
    /// go away when a store shows it late.
    pub(super) fn learn(&self, name: &StoreName, entry: Entry, now: Timestamp) -> Entry {
        let before = self.known.get(name);
        if let Some(before) = before.filter(|before| is_recent(before, now))
            && before.entry.later(entry) != entry
        {
            return before.entry;
        }
        let told = Told { entry, asked: now };
        self.known.insert(*name, told);
        // Once in half the time is enough for others to find it there.
        let is_news = before.is_none_or(|before| {
            before.entry != entry || now.millis_since(before.asked) >= self.millis / 2
        });
        if self.millis > 0 && is_news {
            self.data_centre.write(name, told, self.lifetime(entry));
        }
        entry
    }

    fn counts(&self, told: &Told, now: Timestamp) -> bool {
        let age = now.millis_since(told.asked);
        (-CLOCKS_DIFFER_MILLIS..self.millis).contains(&age)
    }

    /// Seconds for which a data centre holds an answer.
    fn lifetime(&self, entry: Entry) -> i64 {
        match entry {
            Entry::Nothing | Entry::Bound(_) => self.millis / 1000,
            Entry::Until(_) | Entry::Denied => END_SECONDS.max(self.millis / 1000),
        }
    }
}

/// Isolates of one data centre do not agree to the millisecond.
const CLOCKS_DIFFER_MILLIS: i64 = 1000;

/// Longer than any store takes to show an end; then it is the store's again to say so, whoever may
/// have put something else there meanwhile.
const END_SECONDS: i64 = 300;

/// Whether an end is remembered still.
fn is_recent(told: &Told, now: Timestamp) -> bool {
    now.millis_since(told.asked) < END_SECONDS * 1000
}
