//! A lineage as text, for callers that keep sessions outside Rust between opening and sealing.

use core::fmt::{self, Write};

use alloc::{string::String, vec::Vec};

use super::{Lineage, SpilledRecord};
use crate::{
    atoms::{KeyId, Timestamp},
    session::Session,
    text::base64url,
    wire::{
        ticket::{self, Ticket},
        trail::Trail,
    },
};

const SID: u8 = 0x01;
const SPILLED: u8 = 0x02;
const TRAIL: u8 = 0x04;
const ENDS: u8 = 0x08;

impl Lineage {
    /// Everything but when the session began: base64url, empty for a session without an id, a
    /// record and keys with ends. Not secret, but the caller's own: never take it from a client.
    ///
    /// ```text
    /// base64url(flags 1 | [sid 16] | [kid 4 | ticket 36] | [trail] | [JSON of the ends])
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut octets = alloc::vec![0];
        if let Some(sid) = &self.sid {
            octets[0] |= SID;
            octets.extend_from_slice(sid);
        }
        if let Some(spilled) = &self.spilled {
            octets[0] |= SPILLED;
            octets.extend_from_slice(&spilled.key.0);
            spilled.ticket.write(&mut octets);
        }
        if !self.trail.is_empty() {
            octets[0] |= TRAIL;
            self.trail.write(&mut octets);
        }
        if !self.ends.is_empty() {
            octets[0] |= ENDS;
            octets.extend_from_slice(self.ends_json().as_bytes());
        }
        if octets[0] != 0 {
            base64url::encode_into(&octets, &mut text);
        }
        text
    }

    /// What [`Self::to_text`] wrote, for a session that began at `created`.
    ///
    /// # Errors
    /// [`NotALineage`] for any other text.
    pub fn from_text(created: Timestamp, text: &str) -> Result<Self, NotALineage> {
        let mut lineage = Self::new(created);
        if text.is_empty() {
            return Ok(lineage);
        }
        let mut octets = Vec::with_capacity(text.len());
        base64url::decode(text.as_bytes(), &mut octets).map_err(|_| NotALineage)?;
        let (flags, mut rest) = octets.split_first().ok_or(NotALineage)?;
        if flags & !(SID | SPILLED | TRAIL | ENDS) != 0 {
            return Err(NotALineage);
        }
        if flags & SID != 0 {
            lineage.sid = Some(*taken(&mut rest)?);
        }
        if flags & SPILLED != 0 {
            let key = KeyId(*taken(&mut rest)?);
            let ticket = Ticket::read(taken::<{ ticket::LEN }>(&mut rest)?);
            lineage.spilled = Some(SpilledRecord { ticket, key });
        }
        if flags & TRAIL != 0 {
            (lineage.trail, rest) = Trail::read(rest).ok_or(NotALineage)?;
        }
        if flags & ENDS != 0 {
            let json = core::str::from_utf8(rest).map_err(|_| NotALineage)?;
            let ends = Session::from_json(json).map_err(|_| NotALineage)?;
            for (key, end) in ends.raw_members() {
                let end = end.parse().map_err(|_| NotALineage)?;
                lineage.ends.push((key.into(), end));
            }
        } else if !rest.is_empty() {
            return Err(NotALineage);
        }
        Ok(lineage)
    }

    fn ends_json(&self) -> String {
        let mut json = String::from("{");
        for (index, (key, end)) in self.ends.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            // Writing to a text cannot fail.
            let _ = write!(json, "{separator}\"{key}\":{end}");
        }
        json.push('}');
        json
    }
}

fn taken<'o, const N: usize>(rest: &mut &'o [u8]) -> Result<&'o [u8; N], NotALineage> {
    let (first, behind) = rest.split_first_chunk().ok_or(NotALineage)?;
    *rest = behind;
    Ok(first)
}

/// The text is not a lineage's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotALineage;

impl fmt::Display for NotALineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the text of a lineage")
    }
}

impl core::error::Error for NotALineage {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::trail::Superseded;

    #[test]
    fn what_is_written_is_read() {
        let created = Timestamp::from_seconds(1_800_000_000);
        let plain = Lineage::new(created);
        let full = Lineage {
            sid: Some([1; 16]),
            spilled: Some(SpilledRecord {
                ticket: Ticket {
                    id: [2; 16],
                    revision: 3,
                    digest: [4; 16],
                },
                key: KeyId([5; 4]),
            }),
            trail: [8, 6]
                .map(|octet| Superseded::at([octet; 24], created))
                .into_iter()
                .collect(),
            ends: alloc::vec![(r"caf\u00e9".into(), 7), ("b".into(), u32::MAX)],
            ..plain.clone()
        };
        let identified = Lineage {
            sid: full.sid,
            ..plain.clone()
        };
        assert_eq!(plain.to_text(), "");
        for lineage in [plain, full.clone(), identified] {
            assert_eq!(Lineage::from_text(created, &lineage.to_text()), Ok(lineage));
        }
        let text = full.to_text();
        for cut in 1..text.len() {
            assert!(Lineage::from_text(created, &text[..cut]).is_err(), "{cut}");
        }
        assert!(Lineage::from_text(created, "gAAA").is_err());
    }
}
