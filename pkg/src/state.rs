//! What JavaScript keeps of an opened session beside its JSON: fields with a blank between.
//!
//! ```text
//! flags envelope position key-id issued created lineage revision record-name ends
//! ```
//! Times are seconds since 1970; `-` stands for nothing; `flags` is `s`, then `p` if the record is
//! pending, `r` if it is due for a new cookie.

use alloc::{string::String, vec::Vec};
use core::fmt::Write;

use session_codec::{Codec, Lineage, OpenSession, Timestamp};

use crate::{END, failure};

/// State, [`END`], JSON, and if keys have ended, [`END`] and a JSON array of them.
pub(crate) fn write(codec: &Codec, key_ids: &[String], opened: &OpenSession) -> String {
    let mut text = String::with_capacity(128);
    let record = codec.record_name(opened);
    text.push('s');
    if record.is_some() || opened.ticket().is_some() {
        text.push('p');
    }
    if codec.needs_reissue(opened) {
        text.push('r');
    }
    // Not with `write!`, which would take a tenth of the time that opening a short cookie does.
    let mut digits = itoa::Buffer::new();
    let mut number = |number: i64, text: &mut String| {
        text.push(' ');
        text.push_str(digits.format(number));
    };
    let lineage = opened.lineage();
    let position = opened.key().index();
    text.push(' ');
    text.push_str(opened.envelope().label());
    number(position.into(), &mut text);
    text.push(' ');
    let key_id = opened
        .key_id()
        .and_then(|_| key_ids.get(usize::from(position)));
    push_or_dash(key_id.map_or("", String::as_str), &mut text);
    number(opened.issued().seconds(), &mut text);
    number(lineage.created().seconds(), &mut text);
    text.push(' ');
    push_or_dash(&lineage.to_text(), &mut text);
    let revision = opened.ticket().map_or(0, session_codec::Ticket::revision);
    number(revision.into(), &mut text);
    text.push(' ');
    push_or_dash(
        &record.map_or_else(String::new, |name| name.to_text()),
        &mut text,
    );
    let ends = codec.lifetimes().end(opened.issued(), lineage.created());
    number(ends.seconds(), &mut text);
    text.push(END);
    opened.session().write_json(&mut text);
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

fn push_or_dash(field: &str, text: &mut String) {
    text.push_str(if field.is_empty() { "-" } else { field });
}
