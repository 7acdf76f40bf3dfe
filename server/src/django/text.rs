use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::ZlibDecoder;
use serde_json::{Map, Value};
use session_codec::policy::Limits;
use session_codec::signing::Signer;
use session_codec::{DjangoSecret, KeyRing, Timestamp, Workspace};

/// Sessions as the texts that Django signs: `payload:time:signature`.
pub(super) struct Texts(Signer);

impl Texts {
    pub(super) fn new(secrets: &KeyRing<DjangoSecret>) -> Self {
        Self(Signer::new(SALT, secrets))
    }

    /// The text of a session; `None` if it is nothing that Django's JSON serializer writes.
    pub(super) fn write(&self, session: &Map<String, Value>, now: Timestamp) -> Option<String> {
        let json = serde_json::to_string(session).ok()?;
        self.0.dumps(&json, now, &mut Workspace::default()).ok()
    }

    /// The session of a text that is signed by one of the keys.
    pub(super) fn read(&self, text: &str, now: Timestamp) -> Option<Map<String, Value>> {
        let limits = Limits::default();
        let mut workspace = Workspace::default();
        let read = self
            .0
            .loads(text.as_bytes(), None, now, &limits, &mut workspace);
        serde_json::from_str(&read.ok()?.value.into_inner()).ok()
    }
}

/// What a text says, whoever signed it: for what Django looks at before it verifies. `None` if it cannot be read.
pub(super) fn unverified(text: &str) -> Option<Map<String, Value>> {
    let mut parts = text.rsplitn(3, ':');
    let payload = parts.nth(2)?;
    let json = match payload.strip_prefix('.') {
        None => URL_SAFE_NO_PAD.decode(payload).ok()?,
        Some(compressed) => {
            let compressed = URL_SAFE_NO_PAD.decode(compressed).ok()?;
            let mut json = Vec::new();
            let read = ZlibDecoder::new(&*compressed)
                .take(LONGEST)
                .read_to_end(&mut json);
            read.ok()?;
            json
        }
    };
    serde_json::from_slice(&json).ok()
}

/// Of every backend but `signed_cookies`.
const SALT: &str = "django.contrib.sessions.SessionStore";
/// No session is read beyond it, in bytes of JSON.
const LONGEST: u64 = 4 * 1024 * 1024;
