use alloc::{format, string::String};

use session_codec::{
    Config, Envelope, Secret,
    cookie::{CookieHeader, CookieName, Relation, RequestCookie, SetCookie},
    inspect::{Inspection, inspect as inspected},
    policy::Limits,
};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::{END, entropy::Fresh, failure, with_workspace};

/// `sealed key-id bytes`, `django|flask seconds compressed bytes END json`, or `unknown claim reason`.
#[wasm_bindgen]
#[must_use]
pub fn inspect(value: &str) -> String {
    let inspection = with_workspace(|w| inspected(value.as_bytes(), &Limits::default(), w));
    match inspection {
        Ok(Inspection::Sealed {
            key_id,
            ciphertext_bytes,
            ..
        }) => format!("sealed {key_id} {ciphertext_bytes}"),
        Ok(Inspection::Signed(signed)) => format!(
            "{} {} {} {}{END}{}",
            signed.envelope.label(),
            signed.issued.seconds(),
            u8::from(signed.is_compressed),
            signed.payload_bytes,
            signed.json
        ),
        Ok(_) => String::from("unknown sealed malformed"),
        Err(reason) => {
            let claimed = Envelope::claimed_by(value.as_bytes());
            format!("unknown {} {}", claimed.label(), reason.label())
        }
    }
}

/// `relation END name END value END` for each cookie; without a name all are `other`.
#[wasm_bindgen]
pub fn read_cookies(header: &str, name: Option<String>) -> Result<String, String> {
    let header = CookieHeader::new(header.as_bytes())
        .map_err(|error| failure::failure("header_too_long", error))?;
    let mut text = String::new();
    let mut push = |cookie: RequestCookie<'_>, relation: Relation| {
        text.push_str(relation.label());
        for part in [cookie.name, cookie.value] {
            text.push(END);
            text.push_str(&String::from_utf8_lossy(part));
        }
        text.push(END);
    };
    match name {
        Some(name) => {
            let name = CookieName::new(&name)
                .map_err(|error| failure::failure("invalid_config", format!("name: {error}")))?;
            header
                .related(&name)
                .for_each(|(cookie, relation)| push(cookie, relation));
        }
        None => header
            .cookies()
            .for_each(|cookie| push(cookie, Relation::Other)),
    }
    Ok(text)
}

/// A `Set-Cookie` line as browsers read it: `name END value END` and then `attribute END value END` for each that
/// counts. Attributes that browsers ignore are not there.
#[wasm_bindgen]
pub fn read_set_cookie(line: &str) -> Result<String, String> {
    let cookie = SetCookie::read(line.as_bytes())
        .map_err(|error| failure::failure("invalid_cookie", error))?;
    let mut text = String::new();
    let mut push = |part: &[u8]| {
        text.push_str(&String::from_utf8_lossy(part));
        text.push(END);
    };
    push(cookie.name);
    push(cookie.value);
    let max_age = cookie.max_age.map(|seconds| format!("{seconds}"));
    let said = |is_said: bool| is_said.then_some(&b""[..]);
    for (attribute, value) in [
        ("maxAge", max_age.as_deref().map(str::as_bytes)),
        ("expires", cookie.expires),
        ("path", cookie.path),
        ("domain", cookie.domain),
        (
            "sameSite",
            cookie.same_site.map(|known| known.as_str().as_bytes()),
        ),
        ("secure", said(cookie.secure)),
        ("httpOnly", said(cookie.http_only)),
        ("partitioned", said(cookie.partitioned)),
    ] {
        if let Some(value) = value {
            push(attribute.as_bytes());
            push(value);
        }
    }
    Ok(text)
}

/// What both sides have to agree on, as JSON: bytes, copies, and seconds.
#[wasm_bindgen]
#[must_use]
pub fn limits() -> String {
    let defaults = Config::default();
    format!(
        r#"{{"headerBytes":{},"valueBytes":{},"copies":{},"recordBytes":{},"recordVisibleSeconds":{},"idleSeconds":{},"absoluteSeconds":{},"budget":{},"maxFallbacks":{}}}"#,
        CookieHeader::MAX_BYTES,
        RequestCookie::MAX_VALUE_BYTES,
        RequestCookie::MAX_COPIES,
        Limits::MAX_RECORD_BYTES,
        Limits::RECORD_VISIBLE_SECONDS,
        defaults.idle_seconds,
        defaults.absolute_seconds,
        defaults.budget.bytes(),
        session_codec::MAX_FALLBACKS,
    )
}

/// A new sealing key.
#[wasm_bindgen]
pub fn generate_key() -> Result<String, String> {
    let secret = Secret::generate(&mut Fresh).map_err(|e| failure::failure("entropy", e))?;
    Ok(secret.to_text().as_str().into())
}

/// The id of a sealing key.
#[wasm_bindgen]
pub fn key_id(key: String) -> Result<String, String> {
    let secret = Secret::parse(&Zeroizing::new(key)).map_err(failure::of_key)?;
    Ok(format!("{}", secret.key_id()))
}
