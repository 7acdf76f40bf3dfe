use serde_json::{Value, json};
use session_codec::{StoreName, Timestamp};

use super::{Challenge, Device, REFRESH, REGISTER, tokens::unsealed};
use crate::routes::{Mode, Routes};

/// The field by which a browser is asked to register a key for a session.
pub(crate) fn offer(device: &Device, session: StoreName, now: Timestamp) -> Option<String> {
    let challenge = Challenge {
        session,
        asked: now,
    };
    let challenge = device.tokens.challenge(&challenge);
    let challenge = challenge.inspect_err(unsealed).ok()?;
    Some(format!(
        "(ES256);path=\"{REGISTER}\";challenge=\"{challenge}\""
    ))
}

/// What a browser is told of a session that is bound to it: where to show its key, and which cookie
/// its requests wait for.
pub(crate) fn config(device: &Device, routes: &Routes, host: &str, identifier: &str) -> Value {
    let name = device.profile.name().as_str();
    // Pages of such routes have no use for a session, so they wait for none.
    let public = routes.modes().filter(|(_, mode)| *mode == Mode::Public);
    let excluded = public
        .filter(|(prefix, _)| *prefix != "/")
        .map(|(prefix, _)| json!({ "type": "exclude", "domain": host, "path": prefix }));
    let mut config = json!({
        "session_identifier": identifier,
        "refresh_url": REFRESH,
        "scope": {
            "include_site": false,
            "scope_specification": excluded.collect::<Vec<_>>(),
        },
        "credentials": [{
            "type": "cookie",
            "name": name,
            "attributes": device.profile.attributes(),
        }],
    });
    if !device.initiators.is_empty()
        && let Some(members) = config.as_object_mut()
    {
        members.insert(
            "allowed_refresh_initiators".to_owned(),
            json!(device.initiators),
        );
    }
    config
}
