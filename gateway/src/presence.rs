//! Whether a session that is bound to a device comes with it, and what becomes of one that does not.

use session_codec::{StoreName, Timestamp, cookie::CookieHeader};
use session_store::StoreError;

use crate::{
    device::{Answered, Device, Enforcement, Shown, Side, alarm},
    dialect::Dialect,
    gateway::{Gateway, Purpose},
    platform::Platform,
    request::RequestHead,
    revocation::{self, Ask, Bindable, Binding, Entry},
    routes::Mode,
    site::Site,
    visit::{Evidence, Visit},
};

/// What a request came to by what it shows of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// It goes on: nobody asked, the device is there, or the session is bound to none.
    Passes,
    /// As one without a session.
    Withheld,
    /// Its cookie of a device is another one's: the browser is to take it away and show its own.
    Again,
    /// The same, because this route wants a proof that is younger.
    ProvesAgain,
    /// It comes from another site, whose requests browsers do not hold back until they have shown
    /// their device: they do it for one of this site's.
    FromElsewhere,
    /// The browser says that it could not show its device just now.
    Later,
    /// The route wants a session that is bound, and this one is not.
    NotBound,
}

impl Evidence {
    /// What the cookies of a request say of a device. Nothing where nobody asks for it.
    pub(crate) fn of(site: &Site, cookies: &str, now: Timestamp) -> Option<Box<Self>> {
        let device = site.device.as_ref()?;
        let mut evidence = Self::default();
        if let Ok(header) = CookieHeader::new(cookies.as_bytes()) {
            // Of two the first one that is ours: only we set this name where it has its prefix.
            for value in header.values(device.profile.name()).take(MOST_COPIES) {
                evidence.was_sent = true;
                evidence.shown = device.tokens.shown(value, device.seconds, now);
                if evidence.shown.is_some() {
                    break;
                }
            }
        }
        Some(Box::new(evidence))
    }
}

/// Copies of the cookie that are looked at.
const MOST_COPIES: usize = 3;

/// Judges the session of a visit, and notes what its answer has to say of devices.
pub(crate) async fn judge<P: Platform, D: Dialect<P>>(
    dialect: &D,
    visit: &mut Visit<D::Session>,
    request: &RequestHead<'_>,
    mode: Mode,
) -> Presence {
    let gateway = dialect.gateway();
    let site = &*gateway.site;
    let Some(device) = &site.device else {
        return Presence::Passes;
    };
    let session = visit.session();
    let user = session.filter(|session| site.class_rule.has_user(dialect.data(session)));
    let Some(bound) = user.and_then(|session| dialect.bindable(session)) else {
        return match (session, mode) {
            (Some(_), Mode::Device) if device.enforcement == Enforcement::Bound => {
                Presence::NotBound
            }
            _ => Presence::Passes,
        };
    };
    let Some(evidence) = &mut visit.device else {
        return Presence::Passes;
    };
    let binding = evidence.binding;
    if let Some(shown) = evidence.shown_for(&bound.name) {
        if shown.is_first && binding.is_none_or(|binding| !binding.is_confirmed) {
            confirm(gateway, &bound, &shown).await;
        }
        evidence.is_bound = true;
        return match device.proof_seconds.filter(|_| mode == Mode::Device) {
            Some(seconds) if is_older(&shown, seconds, gateway.now) => Presence::ProvesAgain,
            _ => Presence::Passes,
        };
    }
    let Some(binding) = binding.filter(|binding| binding.is_confirmed) else {
        evidence.unbound = Some(bound.name);
        return match (mode, device.enforcement) {
            (Mode::Device, Enforcement::Bound) => Presence::NotBound,
            _ => Presence::Passes,
        };
    };
    let side = if evidence.was_sent {
        Side::OtherDevice
    } else {
        Side::NoDevice
    };
    let (presence, answered) = missing(device, side, request);
    let address = gateway.client.ip.as_deref();
    let now = gateway.now;
    alarm(&bound.name, &binding, (side, answered), address, now);
    if presence == Presence::Withheld {
        visit.withhold();
    }
    presence
}

/// A visit to a route where nobody looks at sessions, whose answer is about one all the same: of a
/// session whose device is not there it is nobody's.
pub(crate) async fn of_its_device<P: Platform, D: Dialect<P>>(
    dialect: &D,
    visit: Option<Visit<D::Session>>,
    cookies: &str,
) -> Option<Visit<D::Session>> {
    let gateway = dialect.gateway();
    let device = gateway.site.device.as_ref();
    if device.is_none_or(|device| device.enforcement == Enforcement::Observe) {
        return visit;
    }
    let mut visit = visit?;
    visit.device = Evidence::of(&gateway.site, cookies, gateway.now);
    let purpose = Purpose {
        mode: Mode::Optional,
        is_safe: false,
    };
    // What nobody knows of it does not matter here: it is there to be ended.
    drop(dialect.admit(&mut visit, purpose).await);
    let bound = visit.session().and_then(|it| dialect.bindable(it));
    let is_absent = match (&visit.device, &bound) {
        (Some(evidence), Some(bound)) => {
            evidence.shown_for(&bound.name).is_none()
                && evidence.binding.is_some_and(|it| it.is_confirmed)
        }
        _ => false,
    };
    (!is_absent).then_some(visit)
}

/// What becomes of a bound session without its device.
fn missing(device: &Device, side: Side, request: &RequestHead<'_>) -> (Presence, Answered) {
    if device.enforcement == Enforcement::Observe {
        return (Presence::Passes, Answered::Observed);
    }
    if side == Side::OtherDevice {
        return (Presence::Again, Answered::Again);
    }
    // Who has no device can say so as well: it gets nothing but this answer.
    if request.names().any(|name| name == "secure-session-skipped") {
        return (Presence::Later, Answered::Unavailable);
    }
    let is_link = request.method == "GET"
        && request.wants_html()
        && request.field("sec-fetch-site") == Some("cross-site");
    if is_link {
        (Presence::FromElsewhere, Answered::Again)
    } else {
        (Presence::Withheld, Answered::Refused)
    }
}

fn is_older(shown: &Shown, seconds: u32, now: Timestamp) -> bool {
    now.millis_since(shown.proved) > i64::from(seconds) * 1000
}

impl Evidence {
    /// What was shown, if it is for this session and by the device that it is bound to, as far as
    /// that is known.
    fn shown_for(&self, session: &StoreName) -> Option<Shown> {
        let is_its = |shown: &Shown| {
            let is_key = |binding: Binding| binding.thumbprint == shown.thumbprint;
            shown.session == *session && self.binding.is_none_or(is_key)
        };
        self.shown.filter(is_its)
    }
}

/// The browser shows that it knows of its binding: from now on the session is good with its device
/// only. If that cannot be written now, the next request does it.
async fn confirm<P: Platform>(gateway: &Gateway<P>, bound: &Bindable, shown: &Shown) {
    let confirmed = async {
        let Some(store) = gateway.store()? else {
            return Ok(false);
        };
        let (memory, now) = (gateway.memory(), gateway.now);
        // What was remembered may be of before an end.
        match revocation::entry(&*store, &memory, &bound.name, Ask::Afresh, now).await? {
            Entry::Bound(binding)
                if binding.thumbprint == shown.thumbprint && !binding.is_confirmed =>
            {
                let binding = Binding {
                    is_confirmed: true,
                    ..binding
                };
                revocation::bind(&*store, &memory, bound, binding, now).await
            }
            _ => Ok(false),
        }
    };
    let confirmed: Result<bool, StoreError> = Box::pin(confirmed).await;
    match confirmed {
        Ok(true) => crate::counters::device("confirmed"),
        Ok(false) => {}
        Err(error) => crate::log::warn("device-binding-failed", &serde_json::json!(error.label())),
    }
}
