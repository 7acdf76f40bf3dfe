use alloc::collections::VecDeque;

use session_codec::{StoreName, Timestamp};

use crate::shared::Shared;

/// What was done for a session a short time ago, of the last few sessions: a process that forgets
/// does it once more.
struct Recent(VecDeque<(StoreName, Timestamp)>);

/// Sessions that are remembered.
const MOST: usize = 512;

impl Recent {
    /// Whether it was not done for this session within so many seconds; then it is now.
    fn passes(&mut self, name: &StoreName, seconds: i64, now: Timestamp) -> bool {
        let is_recent = |at: &Timestamp| (0..seconds * 1000).contains(&now.millis_since(*at));
        if self.0.iter().any(|(of, at)| of == name && is_recent(at)) {
            return false;
        }
        self.0.retain(|(of, _)| of != name);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((*name, now));
        true
    }
}

static OFFERED: Shared<Recent> = Shared::new(Recent(VecDeque::new()));
static ALARMED: Shared<Recent> = Shared::new(Recent(VecDeque::new()));

/// Whether a session may be offered a binding: a browser that takes none is not asked with every
/// page.
pub(crate) fn may_offer(name: &StoreName, now: Timestamp) -> bool {
    OFFERED.with(|recent| recent.passes(name, 600, now))
}

/// Whether an alarm about a session is for the log: who has a copy of a cookie can cause as many
/// as they like.
pub(super) fn may_alarm(name: &StoreName, now: Timestamp) -> bool {
    ALARMED.with(|recent| recent.passes(name, 60, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_within_the_time_for_each_session_and_bounded() {
        let mut recent = Recent(VecDeque::new());
        let at = |seconds: i64| Timestamp::from_seconds(1_800_000_000 + seconds);
        assert!(recent.passes(&StoreName::new([1; 24]), 60, at(0)));
        assert!(!recent.passes(&StoreName::new([1; 24]), 60, at(59)));
        assert!(recent.passes(&StoreName::new([2; 24]), 60, at(59)));
        assert!(recent.passes(&StoreName::new([1; 24]), 60, at(60)));
        for number in 0..2000_u32 {
            let mut name = [0; 24];
            name[..4].copy_from_slice(&number.to_be_bytes());
            recent.passes(&StoreName::new(name), 60, at(61));
        }
        assert_eq!(recent.0.len(), MOST);
    }
}
