//! A lineage as text, for callers that keep sessions outside Rust between opening and sealing.

use core::fmt::{self, Write};

use alloc::{string::String, vec::Vec};

use super::{Lineage, SpilledRecord};
use crate::{
    atoms::{KeyId, SessionId, Timestamp},
    session::{
        SessionData,
        done::Done,
        ticket::{self, Ticket},
        trail::Trail,
    },
    text::base64url,
};

const SESSION_ID: u8 = 0x01;
const SPILLED: u8 = 0x02;
const TRAIL: u8 = 0x04;
const ENDS: u8 = 0x08;
/// The record is named as one of the session with this very id.
const OWN: u8 = 0x10;
/// The record is named as one of another session, which this one was before it began anew.
const OF_BEFORE: u8 = 0x20;
const DONE: u8 = 0x40;

impl Lineage {
    /// Everything but when the session began: base64url, empty for a session without an id, a
    /// record and keys with ends. Not secret, but the caller's own: never take it from a client.
    ///
    /// ```text
    /// base64url(flags 1 | [session id 16] | [key id 4 | ticket 36] | [session id of before 16] | [trail] | [requests done] | [JSON of the ends])
    /// ```
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut bytes = alloc::vec![0];
        if let Some(session_id) = &self.session_id {
            bytes[0] |= SESSION_ID;
            bytes.extend_from_slice(&session_id.0);
        }
        if let Some(spilled) = &self.spilled {
            bytes[0] |= SPILLED;
            bytes.extend_from_slice(&spilled.key.0);
            spilled.ticket.write(&mut bytes);
            match &spilled.session_id {
                None => {}
                own if *own == self.session_id => bytes[0] |= OWN,
                Some(session_id) => {
                    bytes[0] |= OF_BEFORE;
                    bytes.extend_from_slice(&session_id.0);
                }
            }
        }
        if !self.trail.is_empty() {
            bytes[0] |= TRAIL;
            self.trail.write(&mut bytes);
        }
        if !self.done.is_empty() {
            bytes[0] |= DONE;
            self.done.write_counted(&mut bytes);
        }
        if !self.ends.is_empty() {
            bytes[0] |= ENDS;
            bytes.extend_from_slice(self.ends_json().as_bytes());
        }
        if bytes[0] != 0 {
            base64url::encode_into(&bytes, &mut text);
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
        let mut bytes = Vec::with_capacity(text.len());
        base64url::decode(text.as_bytes(), &mut bytes).map_err(|_| NotALineage)?;
        let (flags, mut rest) = bytes.split_first().ok_or(NotALineage)?;
        if flags & !(SESSION_ID | SPILLED | TRAIL | ENDS | OWN | OF_BEFORE | DONE) != 0 {
            return Err(NotALineage);
        }
        if flags & SESSION_ID != 0 {
            lineage.session_id = Some(SessionId(*taken(&mut rest)?));
        }
        if flags & SPILLED != 0 {
            let key = KeyId(*taken(&mut rest)?);
            let ticket = Ticket::read(taken::<{ ticket::LEN }>(&mut rest)?);
            let session_id = match flags & (OWN | OF_BEFORE) {
                0 => None,
                OWN => Some(lineage.session_id.ok_or(NotALineage)?),
                OF_BEFORE => Some(SessionId(*taken(&mut rest)?)),
                _ => return Err(NotALineage),
            };
            lineage.spilled = Some(SpilledRecord {
                ticket,
                key,
                session_id,
            });
        }
        if flags & TRAIL != 0 {
            (lineage.trail, rest) = Trail::read(rest).ok_or(NotALineage)?;
        }
        if flags & DONE != 0 {
            (lineage.done, rest) = Done::read_counted(rest).ok_or(NotALineage)?;
        }
        if flags & ENDS != 0 {
            let json = core::str::from_utf8(rest).map_err(|_| NotALineage)?;
            let ends = SessionData::from_json(json).map_err(|_| NotALineage)?;
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
    use crate::{
        atoms::RecordId,
        names::StoreName,
        session::{done::RequestMark, trail::Superseded},
    };

    #[test]
    fn what_is_written_is_read() {
        let created = Timestamp::from_seconds(1_800_000_000);
        let plain = Lineage::new(created);
        let full = Lineage {
            session_id: Some(SessionId([1; 16])),
            spilled: Some(SpilledRecord {
                ticket: Ticket {
                    id: RecordId([2; 16]),
                    revision: 3,
                    digest: [4; 16],
                },
                key: KeyId([5; 4]),
                session_id: Some(SessionId([1; 16])),
            }),
            trail: [8, 6]
                .map(|byte| Superseded::at(StoreName::new([byte; 24]), created))
                .into_iter()
                .collect(),
            ends: alloc::vec![(r"caf\u00e9".into(), 7), ("b".into(), u32::MAX)],
            done: Done::EMPTY.with(RequestMark::new("key", &[b"PUT"]), created),
            ..plain.clone()
        };
        let identified = Lineage {
            session_id: full.session_id,
            ..plain.clone()
        };
        assert_eq!(plain.to_text(), "");
        let of = |session_id, spilled_sid| Lineage {
            session_id,
            spilled: full.spilled.map(|spilled| SpilledRecord {
                session_id: spilled_sid,
                ..spilled
            }),
            ..full.clone()
        };
        let forgotten = Lineage {
            done: Done::EMPTY,
            ..full.clone()
        };
        assert_eq!(
            Lineage::from_text(created, &forgotten.to_text()),
            Ok(forgotten)
        );
        let unnamed = [of(None, None), of(full.session_id, None)];
        let before = [
            of(None, full.session_id),
            of(Some(SessionId([9; 16])), full.session_id),
        ];
        for lineage in unnamed.into_iter().chain(before) {
            assert_eq!(Lineage::from_text(created, &lineage.to_text()), Ok(lineage));
        }
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
