//! How long the cookies are. Written beside the times, for the summary.

use std::{fs, path::Path};

use session_codec::{
    Envelope, Workspace,
    signing::{COOKIE_SALT, Signer},
};

use crate::{
    fixture::{NOW, codec, django_ring, session_of},
    payload::{FITTING, L, M, S, X},
    sealed::sealed_value,
};

/// Writes `session-characters.json` into the target folder's `tmp`: `{"sealed": {"s": 1, ...}}`.
pub(crate) fn record() {
    let codec = codec(Envelope::Sealed, 0);
    let signer = Signer::new(COOKIE_SALT, &django_ring(0, 0));
    let mut sealed = serde_json::Map::new();
    for payload in FITTING {
        let value = sealed_value(&codec, payload.json);
        sealed.insert(payload.name.into(), value.len().into());
    }
    let mut signed = serde_json::Map::new();
    for payload in [S, M, L, X] {
        let text = signer
            .dumps(payload.json, NOW, &mut Workspace::new())
            .expect("payloads are JSON");
        signed.insert(payload.name.into(), text.len().into());
    }
    let session = session_of(X.json);
    let json = serde_json::json!({ "sealed": sealed, "signed": signed, "x keys": session.len() });
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("session-characters.json");
    fs::write(path, json.to_string()).expect("the target folder can be written");
}
