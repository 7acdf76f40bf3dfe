//! The ticket of a record in the cookies of others: a key of the session, a text, harmless to them.

use alloc::{format, string::String, vec::Vec};

use crate::{
    atoms::KeyId,
    error::Reason,
    session::{
        OpenSession, Session, SpilledRecord, TICKET_KEY,
        ticket::{self, Ticket},
    },
    text::base64url,
};

/// `key id 4 | ticket 36`: such a cookie does not name a sealing key otherwise.
pub(super) const BYTES: usize = 4 + ticket::LEN;

/// Characters of a payload with a ticket and no keys: base64url of `{"_edge_ticket":"<54 characters>"}`.
pub(super) const ONLY_CHARACTERS: usize =
    base64url::encoded_len(r#"{"":""}"#.len() + TICKET_KEY.len() + base64url::encoded_len(BYTES));

pub(super) fn bytes(spilled: &SpilledRecord) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let (key, ticket) = bytes.split_at_mut(4);
    key.copy_from_slice(&spilled.key.0);
    ticket.copy_from_slice(&spilled.ticket.bytes());
    bytes
}

/// `"_edge_ticket":"<text>"`
pub(super) fn member(bytes: &[u8; BYTES]) -> String {
    let mut text = String::new();
    base64url::encode_into(bytes, &mut text);
    format!("\"{TICKET_KEY}\":\"{text}\"")
}

/// Turns the reserved key back into the ticket it carries.
pub(super) fn take(opened: &mut OpenSession) -> Result<(), Reason> {
    let Session { data, lineage } = &mut opened.session;
    let Some(raw) = data.raw(TICKET_KEY) else {
        return Ok(());
    };
    // A text without escapes, or not one of ours.
    let text = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
    let Some(text) = text else {
        return Ok(());
    };
    let mut bytes = Vec::with_capacity(BYTES);
    base64url::decode(text.as_bytes(), &mut bytes).map_err(|_| Reason::CorruptBody)?;
    let (key, rest) = bytes.split_first_chunk().ok_or(Reason::CorruptBody)?;
    let ticket: &[u8; ticket::LEN] = rest.try_into().map_err(|_| Reason::CorruptBody)?;
    lineage.spilled = Some(SpilledRecord {
        ticket: Ticket::read(ticket),
        key: KeyId(*key),
        session_id: None,
    });
    data.take(TICKET_KEY);
    Ok(())
}
