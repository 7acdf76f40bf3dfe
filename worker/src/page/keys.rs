//! Of each key and envelope that reads cookies: when it was last of use, and whether it can go.

use serde_json::{Value, json};
use session_codec::Timestamp;
use session_gateway::uses::{self, Removable, Subject, Uses};

use super::health::date;
use crate::{fleet, platform::Runtime};

/// The keys and the envelopes, with what is known of their use.
pub(super) async fn of(runtime: &Runtime, now: Timestamp) -> (Vec<Value>, Vec<Value>) {
    let settings = runtime.settings();
    let known = match fleet::store_of_uses(runtime) {
        Ok(Some(store)) => uses::recall(&settings.site.codec, &*store, now)
            .await
            .map_err(|error| format!("the store does not say: {}", error.label())),
        Ok(None) => Err("there is no store that could remember".to_owned()),
        Err(error) => Err(format!("the store does not say: {}", error.label())),
    };
    let seals = settings.seals();
    let about = |subject: Subject| {
        let lifetime = match subject {
            Subject::Key(_) => settings.sealed_seconds(),
            Subject::Envelope(_) => settings.cookie_seconds(),
        };
        let is_written = seals.contains(&subject);
        described(known.as_ref(), subject, is_written, lifetime, now)
    };
    let keys = settings.key_ids.iter().map(|(id, end)| {
        let mut key = about(Subject::Key(*id));
        key["id"] = json!(id.to_string());
        if let Some(end) = end {
            key["not_after"] = json!(date(*end));
        }
        key
    });
    let sealed = session_codec::Envelope::Sealed;
    let others = settings.accepted.iter();
    let others = others.filter(|accepted| accepted.envelope != sealed);
    let envelopes = others.map(|accepted| {
        let label = accepted.envelope.label();
        let mut envelope = about(Subject::Envelope(label));
        envelope["envelope"] = json!(label);
        if let Some(until) = accepted.until {
            envelope["not_after"] = json!(date(Timestamp::from_seconds(until)));
        }
        envelope
    });
    (keys.collect(), envelopes.collect())
}

fn described(
    known: Result<&Uses, &String>,
    subject: Subject,
    is_written: bool,
    lifetime: u32,
    now: Timestamp,
) -> Value {
    let uses = match known {
        Ok(uses) => uses,
        Err(reason) => return json!({ "removable": false, "because": reason }),
    };
    let removable = uses.removable(subject, lifetime, now);
    let (is_removable, because) = match removable {
        _ if is_written => (false, "it writes".to_owned()),
        Removable::Since(_) => (true, "no cookie of it can be alive".to_owned()),
        Removable::From(end) => (
            false,
            format!("cookies of it may be alive until {}", date(end)),
        ),
        Removable::InUse(at) => (
            false,
            format!(
                "a cookie came at {} that was made after what is known of: somebody else makes them",
                date(at)
            ),
        ),
        Removable::Unknown => (false, "nothing was remembered yet".to_owned()),
    };
    let mut described = json!({ "removable": is_removable, "because": because });
    if let Some(opened) = uses.opened(subject) {
        described["last_seen"] = json!(date(opened));
    }
    if let Removable::Since(since) = removable
        && is_removable
    {
        described["since"] = json!(date(since));
    }
    if let Some(began) = uses.began() {
        described["watched_since"] = json!(date(began));
    }
    described
}
