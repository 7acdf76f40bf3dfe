//! What JavaScript keeps of an opened session beside its JSON: fields with a blank between.
//!
//! ```text
//! flags envelope position kid issued created lineage revision record-name ends
//! ```
//! Times are seconds since 1970; `-` stands for nothing; `flags` is `s`, then `p` if the record is
//! pending, `r` if it is due for a new cookie.

use alloc::{string::String, vec::Vec};
use core::fmt::Write;

use session_codec::{Codec, Lineage, OpenSession, Timestamp};

use crate::{END, failure};

/// State, [`END`], JSON, and if keys have ended, [`END`] and a JSON array of them.
pub(crate) fn write(codec: &Codec, opened: &OpenSession) -> String {
    let session = opened.session().to_json();
    let mut text = String::with_capacity(128 + session.len());
    let record = codec.record_name(opened);
    text.push('s');
    if record.is_some() || opened.ticket().is_some() {
        text.push('p');
    }
    if codec.needs_reissue(opened) {
        text.push('r');
    }
    let lineage = opened.lineage();
    let ends = codec.lifetimes().end(opened.issued(), lineage.created());
    // Writing to a text cannot fail.
    let _ = write!(
        text,
        " {} {} ",
        opened.envelope().label(),
        opened.key().index()
    );
    match opened.key_id() {
        Some(id) => drop(write!(text, "{id}")),
        None => text.push('-'),
    }
    let _ = write!(
        text,
        " {} {} ",
        opened.issued().seconds(),
        lineage.created().seconds()
    );
    push_or_dash(&lineage.to_text(), &mut text);
    let revision = opened.ticket().map_or(0, session_codec::Ticket::revision);
    let _ = write!(text, " {revision} ");
    push_or_dash(&record.map_or_else(String::new, name_text), &mut text);
    let _ = write!(text, " {}", ends.seconds());
    text.push(END);
    text.push_str(&session);
    let expired: Vec<_> = opened.expired_keys().collect();
    if !expired.is_empty() {
        text.push(END);
        text.push('[');
        for (index, key) in expired.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            let _ = write!(text, "{separator}\"{key}\"");
        }
        text.push(']');
    }
    text
}

/// The lineage in a state.
pub(crate) fn lineage(state: &str) -> Result<Lineage, String> {
    let mut fields = state.split(' ').skip(5);
    let created = fields.next().and_then(|field| field.parse().ok());
    let created = created.ok_or_else(|| failure::of_json("not a session's state"))?;
    let text = fields.next().filter(|&field| field != "-");
    Lineage::from_text(Timestamp::from_seconds(created), text.unwrap_or_default())
        .map_err(failure::of_json)
}

/// A record's name in a store.
pub(crate) fn name_text(name: [u8; 24]) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(name)
}

fn push_or_dash(field: &str, text: &mut String) {
    text.push_str(if field.is_empty() { "-" } else { field });
}
