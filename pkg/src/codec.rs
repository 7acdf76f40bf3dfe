use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::{cell::RefCell, fmt::Write};

use session_codec::{
    Commit, Issue, Lineage, Opened, Reason, Session, SessionData, StoreOp, Timestamp,
    cookie::{CookieHeader, Lifetime},
    policy::Report,
};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::{
    END, entropy::Entropy, failure, keys::KeyTexts, settings, state, timestamp, with_workspace,
};

thread_local! {
    /// The record of the last seal, until JavaScript takes it: bytes do not go into a text.
    static RECORD: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// A codec as configured.
#[wasm_bindgen]
pub struct Codec {
    codec: session_codec::Codec,
    key_ids: Vec<String>,
}

#[wasm_bindgen]
impl Codec {
    /// From two texts of fields: the configuration without secrets, and the secrets.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, keys: String) -> Result<Self, String> {
        let keys = Zeroizing::new(keys);
        let (codec, key_ids) = KeyTexts::read(&keys)?.codec(settings::config(config)?)?;
        Ok(Self { codec, key_ids })
    }

    /// Name of the cookie and ids of the sealing keys, with a blank between.
    #[must_use]
    pub fn about(&self) -> String {
        let mut text = self.codec.profile().name().as_str().to_owned();
        for id in &self.key_ids {
            let _ = write!(text, " {id}");
        }
        text
    }

    /// A `Cookie` header: `a`, `c`, `r` and the reason, or a state.
    #[must_use]
    pub fn open(&self, header: &str, now: f64) -> String {
        self.outcome(&self.opened(header, now))
    }

    /// A value: `r` and the reason, or a state.
    #[must_use]
    pub fn open_value(&self, value: &str, now: f64) -> String {
        self.outcome(&self.opened_value(value, now))
    }

    /// What was opened before, and its record: `r` and the reason, or a state.
    #[must_use]
    pub fn open_record(&self, is_value: bool, text: &str, now: f64, record: &[u8]) -> String {
        let mut opened = match is_value {
            true => self.opened_value(text, now),
            false => self.opened(text, now),
        };
        if let Opened::Session(session) = &mut opened {
            let merged = with_workspace(|w| self.codec.open_record(session, record, w));
            if let Err(reason) = merged {
                return self.outcome(&Opened::Rejected(reason));
            }
        }
        self.outcome(&opened)
    }

    /// A state and the texts of `read`: `flags bytes name ends name END line`, where the names are those of the
    /// record to put, with its end, and of the record to delete. `max_age` is how many seconds the browser keeps
    /// the cookie, at most until the session ends by itself; negative: until it closes.
    pub fn seal(
        &self,
        state: &str,
        base: &str,
        changes: &str,
        removed: &str,
        now: f64,
        max_age: f64,
    ) -> Result<String, String> {
        let session = read(state::lineage(state)?, base, changes, removed)?;
        let now = timestamp(now);
        let lifetime = self.lifetime(max_age, &session, now);
        let commit = self.commit(&session, Issue::new(now, lifetime))?;
        let line = commit.set_cookie.as_str();
        let mut text = String::with_capacity(line.len() + 128);
        if commit.store_ops.is_empty() {
            let _ = write!(text, "0{END}");
        } else {
            push_ops(commit.store_ops, &mut text);
        }
        text.push_str(line);
        Ok(text)
    }

    /// The same texts: the report as JSON.
    pub fn plan(
        &self,
        state: &str,
        base: &str,
        changes: &str,
        removed: &str,
        now: f64,
    ) -> Result<String, String> {
        let session = read(state::lineage(state)?, base, changes, removed)?;
        let now = timestamp(now);
        let commit = self.commit(&session, Issue::new(now, Lifetime::BrowserSession))?;
        Ok(report_json(&self.codec.report(&session, &commit)))
    }

    /// A state, or nothing: `flags names END line`.
    pub fn end(&self, state: &str) -> Result<String, String> {
        let mut text = String::new();
        if state.is_empty() {
            let _ = write!(text, "0{END}");
        } else {
            push_ops(self.codec.end(&state::lineage(state)?), &mut text);
        }
        text.push_str(self.codec.remove().as_str());
        Ok(text)
    }

    /// A state: `name head ends`, the names in a store of the session and of what says that it has ended, and the
    /// seconds since 1970 at which no cookie of it can be alive. Nothing if it has no id.
    pub fn device_names(&self, state: &str) -> Result<String, String> {
        let lineage = state::lineage(state)?;
        let named = self
            .codec
            .session_revocation(&lineage)
            .zip(self.codec.head_name(&lineage));
        let Some((name, head)) = named else {
            return Ok(String::new());
        };
        let ends = lineage.created().after(self.codec.lifetimes().absolute);
        Ok(format!(
            "{} {} {}",
            name.to_text(),
            head.to_text(),
            ends.seconds()
        ))
    }

    fn commit(&self, session: &Session, issue: Issue) -> Result<Commit, String> {
        with_workspace(|w| self.codec.seal(session, issue, &mut Entropy, w))
            .map_err(failure::of_seal)
    }

    fn opened(&self, header: &str, now: f64) -> Opened {
        match CookieHeader::new(header.as_bytes()) {
            Ok(header) => with_workspace(|w| self.codec.open(&header, timestamp(now), w)),
            Err(_) => Opened::Rejected(Reason::TooLong),
        }
    }

    fn opened_value(&self, value: &str, now: f64) -> Opened {
        let opened = with_workspace(|w| self.codec.open_value(value.as_bytes(), timestamp(now), w));
        match opened {
            Ok(session) => Opened::Session(session),
            Err(reason) => Opened::Rejected(reason),
        }
    }

    fn outcome(&self, opened: &Opened) -> String {
        match opened {
            Opened::Absent => "a".to_owned(),
            Opened::Conflict => "c".to_owned(),
            Opened::Rejected(reason) => format!("r{}", reason.label()),
            Opened::Session(session) => state::write(&self.codec, &self.key_ids, session),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float beyond the range saturates, and is not negative here"
    )]
    fn lifetime(&self, max_age: f64, session: &Session, now: Timestamp) -> Lifetime {
        if max_age < 0.0 {
            return Lifetime::BrowserSession;
        }
        // When the session would end by itself.
        let end = self.codec.lifetimes().end(now, session.created());
        let left = end.seconds().saturating_sub(now.seconds());
        Lifetime::MaxAge(u64::try_from(left).unwrap_or(0).min(max_age as u64))
    }
}

/// The record of the last seal. It is given once.
#[wasm_bindgen]
#[must_use]
pub fn take_record() -> Option<Vec<u8>> {
    RECORD.take()
}

/// Keeps bytes that are to go into a store until JavaScript takes them.
pub(crate) fn keep_record(bytes: Vec<u8>) {
    RECORD.set(Some(bytes));
}

/// Bytes of each key of a JSON object, as a JSON array of pairs.
#[wasm_bindgen]
pub fn sizes(json: &str) -> Result<String, String> {
    let session = SessionData::from_json(json).map_err(failure::of_json)?;
    let mut text = String::from("[");
    for (index, (key, value)) in session.raw_members().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        // Quotes, colon and comma.
        let bytes = key.len() + value.len() + 4;
        let _ = write!(text, "{separator}[\"{key}\",{bytes}]");
    }
    text.push(']');
    Ok(text)
}

/// The JSON with the changes.
#[wasm_bindgen]
pub fn overlaid(base: &str, changes: &str, removed: &str) -> Result<String, String> {
    let lineage = Lineage::new(timestamp(0.0));
    Ok(read(lineage, base, changes, removed)?.to_json())
}

/// The lineage, in text or `-`, of the session that begins anew.
#[wasm_bindgen]
pub fn restarted(state: &str) -> Result<String, String> {
    let mut session = Session::resumed(SessionData::new(), state::lineage(state)?);
    session.restart(session.created());
    let text = session.lineage().to_text();
    Ok(if text.is_empty() {
        "-".to_owned()
    } else {
        text
    })
}

/// JSON text of one key of a JSON object.
#[wasm_bindgen]
pub fn raw(json: &str, key: &str) -> Result<Option<String>, String> {
    let session = SessionData::from_json(json).map_err(failure::of_json)?;
    Ok(session.raw(key).map(ToOwned::to_owned))
}

/// The session of three JSON objects: what was opened, if anything, the keys that were set, and those
/// that were removed, whose values do not count.
fn read(lineage: Lineage, base: &str, changes: &str, removed: &str) -> Result<Session, String> {
    let data = |json: &str| SessionData::from_json(json).map_err(failure::of_json);
    let any = |json: &str| (!json.is_empty()).then(|| data(json)).transpose();
    if base.is_empty() {
        return Ok(Session::resumed(data(changes)?, lineage));
    }
    let mut session = Session::resumed(data(base)?, lineage);
    let (changes, removed) = (any(changes)?, any(removed)?);
    session.change(|data| {
        if let Some(removed) = removed {
            data.remove_all(&removed);
        }
        if let Some(changes) = changes {
            data.apply(&changes);
        }
    });
    Ok(session)
}

fn push_ops(ops: Vec<StoreOp>, text: &mut String) {
    let (mut put, mut gone) = (None, Vec::new());
    for op in ops {
        match op {
            StoreOp::Put {
                name,
                record,
                expires,
            } => {
                put = Some((name, expires));
                RECORD.set(Some(record));
            }
            StoreOp::Delete { name } => gone.push(name),
            _ => {}
        }
    }
    text.push('1');
    match put {
        Some((name, expires)) => drop(write!(text, " {} {}", name.to_text(), expires.seconds())),
        None => text.push_str(" - 0"),
    }
    for name in gone {
        let _ = write!(text, " {}", name.to_text());
    }
    text.push(END);
}

fn report_json(report: &Report) -> String {
    let mut json = format!(
        r#"{{"cookieBytes":{},"budget":{},"nearlyFull":{},"keys":["#,
        report.cookie_bytes,
        report.budget,
        report.is_nearly_full()
    );
    for (index, key) in report.keys.iter().enumerate() {
        let separator = if index == 0 { "" } else { "," };
        let _ = write!(
            json,
            r#"{separator}{{"key":"{}","bytes":{},"priority":"{}","placement":"{}","reason":"{}"}}"#,
            key.key,
            key.bytes,
            key.priority.label(),
            key.placement.label(),
            key.reason.label()
        );
    }
    json.push_str("]}");
    json
}
