//! `/_session/device/…`: where a browser registers the key of its device for a session, and shows
//! again that it has it. Whatever comes here is an answer; nothing ends anybody's session but its own
//! browser's word of it.

use serde_json::{Value, json};
use session_codec::{Timestamp, cookie::Lifetime};
use session_store::StoreError;

use crate::{
    answer::{self, Answer},
    cookie_lines,
    device::{self, Challenge, Device, Identifier, NoProof, Proof, PublicKey, Refreshed, Shown},
    dialect::Dialect,
    gateway::{Gateway, Purpose},
    log,
    platform::Platform,
    protocol::Spoken,
    request::RequestHead,
    revocation::{self, Ask, Binding, Entry},
    routes::Mode,
    visit::{Evidence, Visit},
};

/// What a request for one of these pages says in header fields of its own.
#[derive(Default)]
pub struct DeviceFields {
    /// `Secure-Session-Response`: what the device signed.
    pub response: Option<String>,
    /// `Sec-Secure-Session-Id`: what the browser calls its session.
    pub identifier: Option<String>,
}

impl<P: Platform> Gateway<P> {
    /// Answers a request for `/_session/device` and what follows it, `page`.
    pub async fn answer_device(
        self,
        page: &str,
        request: &RequestHead<'_>,
        fields: DeviceFields,
    ) -> Answer {
        match Spoken::of(&self, &self.site.protocol) {
            Spoken::Sealed(dialect) => respond(&dialect, page, request, fields).await,
            Spoken::Rows(dialect) => respond(&dialect, page, request, fields).await,
        }
    }
}

async fn respond<P: Platform, D: Dialect<P>>(
    dialect: &D,
    page: &str,
    request: &RequestHead<'_>,
    fields: DeviceFields,
) -> Answer {
    let site = &dialect.gateway().site;
    let Some(device) = site.device.as_ref() else {
        return answer::not_found();
    };
    let registers = match page {
        "/register" => true,
        "/refresh" => false,
        _ => return answer::not_found(),
    };
    if request.method != "POST" {
        return answer::device(405, &json!({ "error": "method_not_allowed" }), None, None);
    }
    let done = if registers {
        register(dialect, device, request, &fields).await
    } else {
        refresh(dialect, device, request, &fields).await
    };
    done.unwrap_or_else(|refused| refused.answer())
}

/// Why nothing is done. Browsers forget the session that they hold of this name at any status of 400
/// and above but 403, 407, 429 and those of 500: what is signed rightly and too late gets 403.
#[derive(Debug)]
enum Refused {
    /// There is no proof in the request, or none that can be read.
    NoProof(&'static str),
    /// The signature is not the key's.
    BadSignature,
    /// What was signed is none of our challenges, or an old one, or another session's.
    BadChallenge,
    /// The session is bound to another device already.
    BoundAlready,
    /// There is no session, or none of a user.
    NoSession,
    /// The name is none that we gave.
    NoIdentifier,
    /// The store does not answer, or nothing could be sealed or verified.
    Unavailable,
}

impl Refused {
    const fn label(&self) -> &'static str {
        match self {
            Self::NoProof(why) => why,
            Self::BadSignature => "bad_signature",
            Self::BadChallenge => "bad_challenge",
            Self::BoundAlready => "bound_already",
            Self::NoSession => "no_session",
            Self::NoIdentifier => "no_identifier",
            Self::Unavailable => "unavailable",
        }
    }

    fn answer(&self) -> Answer {
        let status = match self {
            Self::NoProof(_) => 400,
            Self::BadSignature | Self::NoSession | Self::NoIdentifier => 401,
            Self::BadChallenge | Self::BoundAlready => 409,
            Self::Unavailable => 503,
        };
        let label = self.label();
        crate::counters::device(label);
        log::warn("device-proof-refused", &json!(label));
        let later = matches!(self, Self::Unavailable);
        let field = later.then_some(("retry-after", answer::RETRY_AFTER));
        answer::device(status, &json!({ "error": label }), field, None)
    }
}

impl From<NoProof> for Refused {
    fn from(error: NoProof) -> Self {
        Self::NoProof(error.label())
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        log::warn("device-binding-failed", &json!(error.label()));
        Self::Unavailable
    }
}

/// Binds the session of a request to the key that signed it.
async fn register<P: Platform, D: Dialect<P>>(
    dialect: &D,
    device: &Device,
    request: &RequestHead<'_>,
    fields: &DeviceFields,
) -> Result<Answer, Refused> {
    let gateway = dialect.gateway();
    let now = gateway.now;
    let field = fields.response.as_deref();
    let proof = Proof::read(field.ok_or(Refused::NoProof("no_proof"))?)?;
    let key = proof.key.ok_or(Refused::NoProof("no_key"))?;
    let challenge = device.tokens.asked(&proof.challenge, now);
    let challenge = challenge.ok_or(Refused::BadChallenge)?;
    let mut visit = visit_of(dialect, request).await?;
    let required = Purpose {
        mode: Mode::Required,
        is_safe: false,
    };
    let admitted = dialect.admit(&mut visit, required).await;
    admitted.map_err(|_| Refused::Unavailable)?;
    let session = visit.session().ok_or(Refused::NoSession)?;
    if !gateway.site.class_rule.has_user(dialect.data(session)) {
        return Err(Refused::NoSession);
    }
    let bound = dialect.bindable(session).ok_or(Refused::NoSession)?;
    if bound.name != challenge.session {
        return Err(Refused::BadChallenge);
    }
    verify(gateway, &key, &proof).await?;
    let before = visit.device.as_ref().and_then(|evidence| evidence.binding);
    let binding = Binding::registered(before, &key, now).ok_or(Refused::BoundAlready)?;
    let store = gateway.store()?.ok_or(Refused::Unavailable)?;
    if !revocation::bind(&*store, &gateway.memory(), &bound, binding, now).await? {
        return Err(Refused::NoSession);
    }
    let identifier = Identifier {
        session: bound.name,
        key,
        since: binding.since,
    };
    let name = device.tokens.identify(&identifier);
    let name = name.map_err(|error| unsealed(&error))?;
    let line = cookie(device, &identifier, &challenge, true, now)?;
    crate::counters::device("registered");
    Ok(told(gateway, device, request, &name, line))
}

/// A browser shows again that it has the key: with nothing else than what it calls its session.
async fn refresh<P: Platform, D: Dialect<P>>(
    dialect: &D,
    device: &Device,
    request: &RequestHead<'_>,
    fields: &DeviceFields,
) -> Result<Answer, Refused> {
    let gateway = dialect.gateway();
    let now = gateway.now;
    let name = device::unquoted(fields.identifier.as_deref().unwrap_or_default());
    let identifier = device.tokens.identified(name, now);
    let identifier = identifier.ok_or(Refused::NoIdentifier)?;
    let Some(field) = &fields.response else {
        return ask(device, &identifier, name, now);
    };
    let proof = Proof::read(field)?;
    if proof.key.is_some_and(|key| key != identifier.key) {
        return Err(Refused::BadSignature);
    }
    verify(gateway, &identifier.key, &proof).await?;
    // Signed by the right key, and too late or for another session: it is asked again.
    let challenge = device.tokens.asked(&proof.challenge, now);
    let Some(challenge) = challenge.filter(|asked| asked.session == identifier.session) else {
        crate::counters::device("asked_again");
        return ask(device, &identifier, name, now);
    };
    let visit = visit_of(dialect, request).await?;
    let present = visit
        .session()
        .and_then(|session| dialect.bindable(session));
    let is_other = |bound: &revocation::Bindable| bound.name != identifier.session;
    if present.as_ref().is_some_and(is_other) {
        // The browser goes on with another session, whose device cookie has this same name.
        return Ok(over(None));
    }
    let store = gateway.store()?.ok_or(Refused::Unavailable)?;
    let memory = gateway.memory();
    let session = &identifier.session;
    let removal = || Some(device.profile.remove().into_string());
    let kept = match revocation::entry(&*store, &memory, session, Ask::Afresh, now).await? {
        Entry::Denied | Entry::Until(_) => return Ok(over(removal())),
        Entry::Bound(binding) => Some(binding),
        Entry::Nothing => None,
    };
    match (identifier.refreshed(kept), present) {
        (Refreshed::Other, _) => return Ok(over(None)),
        (Refreshed::Keeps(binding), Some(bound)) => {
            if !revocation::bind(&*store, &memory, &bound, binding, now).await? {
                return Ok(over(removal()));
            }
        }
        (Refreshed::Keeps(_), None) | (Refreshed::Stands, _) => {}
    }
    let line = cookie(device, &identifier, &challenge, false, now)?;
    crate::counters::device("shown");
    Ok(told(gateway, device, request, name, line))
}

/// What the cookies of a request come to, with what they show of a device.
async fn visit_of<P: Platform, D: Dialect<P>>(
    dialect: &D,
    request: &RequestHead<'_>,
) -> Result<Visit<D::Session>, Refused> {
    let gateway = dialect.gateway();
    let cookies = cookie_lines::read(request, &gateway.site);
    let visit = dialect.read(&cookies).await;
    let mut visit = visit.map_err(|_| Refused::Unavailable)?;
    visit.device = Evidence::of(&gateway.site, &cookies, gateway.now);
    Ok(visit)
}

async fn verify<P: Platform>(
    gateway: &Gateway<P>,
    key: &PublicKey,
    proof: &Proof<'_>,
) -> Result<(), Refused> {
    let signed = proof.signed.as_bytes();
    match gateway
        .platform
        .is_signed(key, signed, &proof.signature)
        .await
    {
        Some(true) => Ok(()),
        Some(false) => Err(Refused::BadSignature),
        None => Err(Refused::Unavailable),
    }
}

/// 403 with what is to be signed.
fn ask(
    device: &Device,
    identifier: &Identifier,
    name: &str,
    now: Timestamp,
) -> Result<Answer, Refused> {
    let challenge = Challenge {
        session: identifier.session,
        asked: Timestamp::from_seconds(now.seconds()),
    };
    let challenge = device.tokens.challenge(&challenge);
    let challenge = challenge.map_err(|error| unsealed(&error))?;
    let field = format!("\"{challenge}\";id=\"{name}\"");
    let body = json!({ "error": "proof_required" });
    Ok(answer::device(
        403,
        &body,
        Some(("secure-session-challenge", &field)),
        None,
    ))
}

/// The session is bound, and its device was there when it was asked.
fn told<P: Platform>(
    gateway: &Gateway<P>,
    device: &Device,
    request: &RequestHead<'_>,
    name: &str,
    line: String,
) -> Answer {
    let host = request.location.host_name();
    let config: Value = device::config(device, &gateway.site.routes, host, name);
    answer::device(200, &config, None, Some(line))
}

/// The browser's session of this name is over.
fn over(removal: Option<String>) -> Answer {
    crate::counters::device("over");
    answer::device(200, &json!({ "continue": false }), None, removal)
}

/// The device cookie. Its time counts from when the proof was asked for: one that somebody took down
/// and sends again is good for no longer.
fn cookie(
    device: &Device,
    identifier: &Identifier,
    challenge: &Challenge,
    is_first: bool,
    now: Timestamp,
) -> Result<String, Refused> {
    let shown = Shown {
        session: identifier.session,
        thumbprint: identifier.key.thumbprint(),
        proved: challenge.asked,
        is_first,
    };
    let value = device.tokens.show(&shown);
    let value = value.map_err(|error| unsealed(&error))?;
    let lifetime = Lifetime::MaxAge(challenge.cookie_seconds(device.seconds, now));
    match device.profile.set(&value, lifetime) {
        Ok(line) => Ok(line.into_string()),
        Err(error) => {
            log::error("device-cookie-failed", &json!(error.to_string()));
            Err(Refused::Unavailable)
        }
    }
}

fn unsealed(error: &session_codec::SealError) -> Refused {
    device::unsealed(error);
    Refused::Unavailable
}
