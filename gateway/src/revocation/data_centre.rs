use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::{StoreName, Timestamp};

use super::{Binding, entry::Entry, known::Told};

/// What isolates of one data centre tell each other. Whatever goes wrong here is no answer: then
/// the store is asked.
pub trait DataCentre {
    /// What another one was told of a name, if it is there.
    fn read(&self, name: &StoreName) -> impl Future<Output = Option<Told>>;

    /// Tells the others, for so many seconds. Nobody waits for it.
    fn write(&self, name: &StoreName, told: Told, seconds: i64);
}

/// Isolates that tell each other nothing.
impl DataCentre for () {
    async fn read(&self, _: &StoreName) -> Option<Told> {
        None
    }

    fn write(&self, _: &StoreName, _: Told, _: i64) {}
}

/// `asked nothing`, `asked denied`, `asked bound` with what a store keeps of that in base64url, or
/// `asked until`: times in milliseconds.
impl core::fmt::Display for Told {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let asked = self.asked.millis();
        match self.entry {
            Entry::Nothing => write!(f, "{asked} nothing"),
            Entry::Until(until) => write!(f, "{asked} {}", until.millis()),
            Entry::Denied => write!(f, "{asked} denied"),
            Entry::Bound(binding) => {
                let binding = URL_SAFE_NO_PAD.encode(binding.to_bytes());
                write!(f, "{asked} bound {binding}")
            }
        }
    }
}

impl Told {
    /// Reads what [`core::fmt::Display`] writes.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (asked, entry) = text.split_once(' ')?;
        Some(Self {
            asked: Timestamp::from_millis(asked.parse().ok()?),
            entry: match entry {
                "nothing" => Entry::Nothing,
                "denied" => Entry::Denied,
                other => match other.strip_prefix("bound ") {
                    Some(binding) => {
                        let bytes = URL_SAFE_NO_PAD.decode(binding).ok()?;
                        Entry::Bound(Binding::read(&bytes)?)
                    }
                    None => Entry::Until(Timestamp::from_millis(other.parse().ok()?)),
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let asked = Timestamp::from_millis(1_800_000_000_123);
        let bound = Entry::Bound(Binding {
            thumbprint: [9; 16],
            since: Timestamp::from_seconds(1_800_000_000),
            is_confirmed: true,
        });
        for entry in [Entry::Nothing, Entry::Denied, Entry::Until(asked), bound] {
            let told = Told { entry, asked };
            assert_eq!(Told::read(&told.to_string()), Some(told));
        }
        for text in [
            "",
            "1",
            "denied",
            "1 ",
            "x denied",
            "1 denie",
            "1 denied ",
            "1 bound ",
            "1 bound AAAA",
        ] {
            assert_eq!(Told::read(text), None, "{text:?}");
        }
    }
}
