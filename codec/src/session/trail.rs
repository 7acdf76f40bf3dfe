//! `trail = n u8 | n * (name 24 | when u32be)`: the records that were a session's before its last.

use alloc::vec::Vec;

use crate::{atoms::Timestamp, names::StoreName};

/// Superseded records that a session keeps, at most. Sixteen changes are more than a browser
/// makes between two times that it writes its cookies to its disk, and so few that a record's
/// size hardly shows them.
pub(crate) const MOST: usize = 16;

/// A record that another one took the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Superseded {
    /// The store's name of it.
    pub(crate) name: StoreName,
    /// When, in seconds since 1970.
    at: u32,
}

impl Superseded {
    /// A time that the format cannot say is as near to it as can be.
    pub(crate) fn at(name: StoreName, at: Timestamp) -> Self {
        let at = u32::try_from(at.seconds().max(0)).unwrap_or(u32::MAX);
        Self { name, at }
    }

    pub(crate) fn when(&self) -> Timestamp {
        Timestamp::from_seconds(self.at.into())
    }
}

/// Superseded records, the latest first; at most [`MOST`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail(Vec<Superseded>);

/// What became of a trail when one more record was superseded.
pub(crate) struct Followed {
    pub(crate) trail: Trail,
    /// Names that are no longer on it.
    pub(crate) gone: Vec<StoreName>,
}

impl Trail {
    pub(crate) const EMPTY: Self = Self(Vec::new());

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = StoreName> {
        self.0.iter().map(|superseded| superseded.name)
    }

    /// The trail of the record that takes the place of `latest`, and the names that are no longer
    /// on it: of those beyond the number, and of those before `latest` that were superseded at
    /// `until` or earlier. A clock that was set back forgets none too early.
    pub(crate) fn followed_by(&self, latest: Option<Superseded>, until: Timestamp) -> Followed {
        let (mut trail, mut gone) = (Self(Vec::from_iter(latest)), Vec::new());
        for superseded in &self.0 {
            if superseded.when() > until && trail.0.len() < MOST {
                trail.0.push(*superseded);
            } else {
                gone.push(superseded.name);
            }
        }
        Followed { trail, gone }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let count = self.0.len().min(MOST);
        out.extend(u8::try_from(count));
        for Superseded { name, at } in self.0.iter().take(count) {
            out.extend_from_slice(name.bytes());
            out.extend_from_slice(&at.to_be_bytes());
        }
    }

    /// The trail at the beginning of a text, and what follows it. An empty one is never written.
    pub(crate) fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let (&count, rest) = text.split_first()?;
        let count = usize::from(count);
        if !(1..=MOST).contains(&count) {
            return None;
        }
        let (entries, rest) = rest.split_at_checked(28 * count)?;
        let (entries, _) = entries.as_chunks::<28>();
        let read = |entry: &[u8; 28]| {
            let (name, rest) = entry.split_first_chunk()?;
            let (at, _) = rest.split_first_chunk()?;
            Some(Superseded {
                name: StoreName::new(*name),
                at: u32::from_be_bytes(*at),
            })
        };
        let trail = entries.iter().map(read).collect::<Option<Vec<_>>>()?;
        Some((Self(trail), rest))
    }
}

impl FromIterator<Superseded> for Trail {
    fn from_iter<I: IntoIterator<Item = Superseded>>(superseded: I) -> Self {
        Self(superseded.into_iter().take(MOST).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Superseded {
        let name = StoreName::new([seconds.to_be_bytes()[7]; 24]);
        Superseded::at(name, Timestamp::from_seconds(seconds))
    }

    fn names<const N: usize>(seconds: [i64; N]) -> Vec<StoreName> {
        seconds.map(|seconds| at(seconds).name).into()
    }

    #[test]
    fn what_is_old_or_too_much_goes_and_the_latest_stays() {
        let trail: Trail = [at(30), at(20), at(10)].into_iter().collect();
        let until = |seconds| Timestamp::from_seconds(seconds);
        let Followed { trail: kept, gone } = trail.followed_by(Some(at(40)), until(9));
        assert_eq!(kept.names().collect::<Vec<_>>(), names([40, 30, 20, 10]));
        assert_eq!(gone, names([]));
        let Followed { trail: kept, gone } = trail.followed_by(Some(at(40)), until(20));
        assert_eq!(kept.names().collect::<Vec<_>>(), names([40, 30]));
        assert_eq!(gone, names([20, 10]));
        // However short the time, requests under way with the cookie before need its record.
        let Followed { trail: kept, gone } = trail.followed_by(Some(at(40)), until(40));
        assert_eq!(kept.names().collect::<Vec<_>>(), names([40]));
        assert_eq!(gone, names([30, 20, 10]));
    }

    #[test]
    fn no_trail_is_longer_than_the_most() {
        let mut trail = Trail::default();
        for seconds in 1..100 {
            let Followed {
                trail: longer,
                gone,
            } = trail.followed_by(Some(at(seconds)), Timestamp::from_seconds(0));
            let kept = usize::try_from(seconds).unwrap();
            assert_eq!(longer.names().count(), kept.min(MOST));
            assert_eq!(gone.len(), usize::from(kept > MOST));
            trail = longer;
        }
    }

    #[test]
    fn times_that_the_format_cannot_say_are_as_near_as_can_be() {
        let seconds = |time| {
            Superseded::at(StoreName::new([0; 24]), time)
                .when()
                .seconds()
        };
        assert_eq!(seconds(Timestamp::from_seconds(-5)), 0);
        assert_eq!(
            seconds(Timestamp::from_millis(i64::MAX)),
            i64::from(u32::MAX)
        );
    }
}
