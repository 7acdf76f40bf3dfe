//! One request, from the browser's cookie to the browser's cookie: one function a direction.

use alloc::sync::Arc;

use serde_json::json;
use session_codec::{OpenSession, Timestamp};

use crate::{
    answer::{self, Answer},
    apart::apart,
    arrival::{self, Target},
    caching::{self, Keeping, Said, Share},
    cookie_lines,
    counters::{self, Answered},
    device::{self, Device},
    dialect::Dialect,
    edit::Edit,
    gate::Missing,
    gateway::{Gateway, Outbound, Purpose, Unasked, Unknown},
    header_limit,
    location::Location,
    log, own_address,
    platform::Platform,
    presence::{self, Presence},
    protocol::Spoken,
    request::RequestHead,
    response::{ResponseHead, Unanswered},
    routes::Mode,
    rows::RowSession,
    sealed::Afterwards,
    set_cookies::SetCookies,
    trace,
    visit::{Evidence, Found, Visit, origin_cookies},
    vouched,
};

/// What a request comes to before its origin is asked.
pub enum Decision<P: Platform> {
    /// It is answered here.
    Answer(Answer),
    /// It is for a page of the gateway's own: what follows `/_session` in its path.
    Own(String),
    /// It goes on to the origin, whose answer is for [`Exchange::conclude`].
    Forward(Forward, Box<Exchange<P>>),
}

impl<P: Platform> Decision<P> {
    /// Counts the request: once, however often it has to be decided.
    pub fn count(&self) {
        counters::request(match self {
            Self::Answer(_) => Answered::Here,
            Self::Own(_) => Answered::Page,
            Self::Forward(..) => Answered::Origin,
        });
    }
}

/// A request for the origin: method and body are the visitor's. Redirects are not followed.
#[derive(Debug, PartialEq, Eq)]
pub struct Forward {
    /// The URL.
    pub target: String,
    /// What is changed in the visitor's header fields.
    pub edits: Vec<Edit>,
    /// The platform's own caches, which know of no cookies, must not answer it.
    pub past_caches: bool,
    /// It may be sent a second time, having no effect (RFC 9110 9.2.2).
    pub is_repeatable: bool,
    /// The `traceparent` among the edits is a trace of ours: a platform that traces the request
    /// has a better one.
    pub begins_trace: bool,
}

/// What the visitor gets when the origin was asked.
pub struct Concluded<P: Platform> {
    /// The answer.
    pub outcome: Outcome,
    /// What is left to do when it is sent.
    pub afterwards: Option<Afterwards<P>>,
}

/// The answer to a visitor.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The origin's, as it is.
    AsItIs,
    /// The origin's, with changed header fields. Status and body are the origin's.
    Edited(Vec<Edit>),
    /// One of our own.
    Answer(Answer),
}

impl<P: Platform> Gateway<P> {
    /// Decides a request. Waits for nothing but stores.
    pub async fn decide(self, request: &RequestHead<'_>) -> Decision<P> {
        // Whoever answers it shows the request as it arrived, and that is the session in clear.
        if request.method == "TRACE" {
            return Decision::Answer(answer::no_trace());
        }
        if hops(request) >= MAX_HOPS {
            return Decision::Answer(answer::loop_detected());
        }
        let target = Target::of(request, &self.site);
        if target.needs_time() && self.now < BEGIN {
            log::warn("clock-not-set", &json!(self.now.seconds()));
            return Decision::Answer(answer::unavailable());
        }
        let mode = match target {
            Target::Own(rest) => return Decision::Own(rest.to_owned()),
            Target::OtherSpelling => return Decision::Answer(answer::not_found()),
            Target::Origin(mode) => mode,
        };
        let site = Arc::clone(&self.site);
        let forwarded = match Spoken::of(&self, &site.protocol) {
            Spoken::Sealed(dialect) => {
                let forwarded = apart(inbound(&dialect, request, mode)).await;
                forwarded.map(|(forward, asked)| (forward, AnyAsked::Sealed(asked)))
            }
            Spoken::Rows(dialect) => {
                let forwarded = apart(inbound(&dialect, request, mode)).await;
                forwarded.map(|(forward, asked)| (forward, AnyAsked::Rows(asked)))
            }
        };
        match forwarded {
            Ok((forward, asked)) => {
                let gateway = self;
                Decision::Forward(forward, Box::new(Exchange { gateway, asked }))
            }
            Err(answer) => {
                self.note_cookies(&request.location, answer.cookies());
                Decision::Answer(answer)
            }
        }
    }
}

/// Where keys of the session went, for whoever develops the site.
const PLACEMENT_HEADER: &str = "session-placement";
/// Says that the site's change of the session is not kept, and why. The answer is the site's all the
/// same, so nothing else tells whoever asked.
const UNSAVED_HEADER: &str = "session-unsaved";

const LOST: &str = "The session's data is lost. Please load the page again, and log in.";

/// No session was issued before this software was there: 2026-01-01. By a clock at zero every
/// session would be from the future, and be removed.
const BEGIN: Timestamp = Timestamp::from_seconds(1_767_225_600);

/// How many gateways like this one a request has come through.
const HOPS: &str = "edge-session-hops";

/// More than anybody puts one behind the other. At the third time the origin's address leads here,
/// and the request would go round until the platform ends it.
const MAX_HOPS: u32 = 3;

fn hops(request: &RequestHead<'_>) -> u32 {
    let hops = request.field(HOPS).and_then(|hops| hops.parse().ok());
    hops.unwrap_or(0).min(MAX_HOPS)
}

/// From the browser to the origin: the cookies are read, the session is looked at, and the request
/// is answered or goes on with what the origin is to know.
async fn inbound<P: Platform, D: Dialect<P>>(
    dialect: &D,
    request: &RequestHead<'_>,
    mode: Mode,
) -> Result<(Forward, Asked<D::Session>), Answer> {
    let gateway = dialect.gateway();
    let site = &*gateway.site;
    let cookies = cookie_lines::read(request, site);
    let mut visit = Visit::unseen();
    if mode != Mode::Public {
        visit = dialect.read(&cookies).await.map_err(unavailable)?;
        visit.device = Evidence::of(site, &cookies, gateway.now);
        let purpose = Purpose {
            mode,
            is_safe: request.is_safe(),
        };
        match dialect.admit(&mut visit, purpose).await {
            Err(Unknown::Data(Missing::Lost { is_newest })) => {
                let lost = dialect.give_up(&mut visit, is_newest, &cookies);
                lost.map_err(|lines| {
                    let login = gateway.login(request).filter(|_| mode.requires());
                    match login {
                        Some(_) => answer::session_required(&request.location, login, &lines),
                        None => answer::unusable(LOST, &lines),
                    }
                })?;
            }
            admitted => admitted.map_err(unavailable)?,
        }
        if site.device.is_some() {
            // In a box: a request that waits for its origin holds room for this all the time.
            let presence = Box::pin(presence::judge(dialect, &mut visit, request, mode)).await;
            without_device(gateway, presence, &visit, request)?;
        }
    }
    match visit.found {
        Found::Conflict => {
            let removals = dialect.all_removals(&visit);
            return Err(answer::unusable(
                "Two sessions at once. Please log in again.",
                &removals,
            ));
        }
        Found::Nothing | Found::Rejected if mode.requires() => {
            let login = gateway.login(request);
            let removals = visit.removals(site);
            return Err(answer::session_required(
                &request.location,
                login,
                &removals,
            ));
        }
        Found::Nothing | Found::Rejected | Found::Session(_) => {}
    }
    let class = mode.tells().then(|| dialect.class(visit.session()));
    let told = visit.session().filter(|_| mode.tells_session());
    let view = dialect.origin_view(request, class, told);
    // The origin would take the visitor for a stranger: better no answer than that one.
    let view = view.map_err(|error| {
        log::warn("origin-cookie-failed", &json!(error.label()));
        answer::unavailable()
    })?;
    let is_bound = visit.device.as_ref().is_some_and(|it| it.is_bound);
    let asked = Asked {
        mode,
        is_unasked_for: matches!(request.method, "HEAD" | "OPTIONS"),
        wants_html: request.wants_html(),
        is_page: request.method == "GET" && request.wants_html(),
        session_bytes: view.bytes(),
        cookies: (mode == Mode::Public).then(|| cookies.clone().into_owned()),
        location: request.location.clone(),
        visit,
    };
    let mut edits = Vec::new();
    let overrides = vouched::vouch(request, &mut edits);
    let is_traced = || request.names().any(|name| name == "traceparent");
    let trace = (site.begins_traces && !is_traced())
        .then(trace::begin)
        .flatten();
    let begins_trace = trace.is_some();
    edits.extend(trace.map(|trace| Edit::set("traceparent", trace)));
    edits.push(Edit::set(HOPS, (hops(request) + 1).to_string()));
    if arrival::is_preflight(request) {
        // It goes on because it does nothing.
        edits.extend(
            overrides
                .iter()
                .map(|name| Edit::remove((*name).to_owned())),
        );
    }
    edits.extend(origin_cookies(site, &cookies, view.cookie.as_deref()));
    edits.extend(view.edits());
    if is_bound && mode.tells_session() {
        edits.push(Edit::set("x-session-device", "bound"));
    }
    let Location { path, query, .. } = &request.location;
    let forward = Forward {
        target: format!("{}{path}{query}", site.origin.as_str()),
        edits,
        past_caches: mode.tells(),
        is_repeatable: matches!(request.method, "GET" | "HEAD")
            && !request.has_body
            && overrides.is_empty(),
        begins_trace,
    };
    Ok((forward, asked))
}

/// What is answered to a session that is bound to a device and comes without it.
fn without_device<P: Platform, T>(
    gateway: &Gateway<P>,
    presence: Presence,
    visit: &Visit<T>,
    request: &RequestHead<'_>,
) -> Result<(), Answer> {
    let Some(device) = &gateway.site.device else {
        return Ok(());
    };
    Err(match presence {
        Presence::Passes | Presence::Withheld => return Ok(()),
        Presence::Again | Presence::ProvesAgain => {
            let removal = device.profile.remove().into_string();
            answer::show_device(&request.location, &removal)
        }
        Presence::FromElsewhere => answer::from_elsewhere(),
        Presence::Later => answer::device_later(),
        Presence::NotBound => {
            let wants_html = request.wants_html();
            let unbound = visit.device.as_ref().and_then(|it| it.unbound);
            let offered = unbound.filter(|_| request.location.scheme == "https");
            let offer = offered.and_then(|name| device::offer(device, name, gateway.now));
            answer::not_bound(offer.as_deref(), wants_html)
        }
    })
}

fn unavailable(_: Unknown) -> Answer {
    answer::unavailable()
}

/// A request under way: what is kept while its origin takes its time.
pub struct Exchange<P: Platform> {
    gateway: Gateway<P>,
    asked: AnyAsked,
}

enum AnyAsked {
    Sealed(Asked<OpenSession>),
    Rows(Asked<RowSession>),
}

struct Asked<T> {
    visit: Visit<T>,
    mode: Mode,
    /// Its answer takes no cookie that nobody asked for.
    is_unasked_for: bool,
    wants_html: bool,
    /// A browser wants a page.
    is_page: bool,
    /// What the origin is told of the session, in its head.
    session_bytes: usize,
    /// Where nobody looked at them.
    cookies: Option<String>,
    location: Location,
}

/// What a log line may say of a request: nothing that is personal.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// What happens with the session at its path.
    pub route: &'static str,
    /// Whether it had one: `none`, `open`, `refused` or `two`.
    pub session: &'static str,
    /// What the origin is told of the session, in bytes of the head.
    pub session_bytes: usize,
}

impl<T> Asked<T> {
    fn about(&self) -> About {
        About {
            route: self.mode.label(),
            session: match self.visit.found {
                Found::Nothing => "none",
                Found::Session(_) => "open",
                Found::Rejected => "refused",
                Found::Conflict => "two",
            },
            session_bytes: self.session_bytes,
        }
    }
}

impl<P: Platform> Exchange<P> {
    /// Whether the request had nothing of a session with it: then a new exchange, made of the same
    /// request, does as well as this one.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        match &self.asked {
            AnyAsked::Sealed(asked) => asked.visit.is_plain(),
            AnyAsked::Rows(asked) => asked.visit.is_plain(),
        }
    }

    /// What a log line may say of the request.
    #[must_use]
    pub fn about(&self) -> About {
        match &self.asked {
            AnyAsked::Sealed(asked) => asked.about(),
            AnyAsked::Rows(asked) => asked.about(),
        }
    }

    /// Decides the origin's answer. Waits for nothing but stores.
    pub async fn conclude(self, answered: Result<ResponseHead<'_>, Unanswered>) -> Concluded<P> {
        let Self { gateway, asked } = self;
        let site = Arc::clone(&gateway.site);
        let (outcome, outbound) = match (Spoken::of(&gateway, &site.protocol), asked) {
            (Spoken::Sealed(dialect), AnyAsked::Sealed(asked)) => {
                apart(outbound(&dialect, asked, answered)).await
            }
            (Spoken::Rows(dialect), AnyAsked::Rows(asked)) => {
                apart(outbound(&dialect, asked, answered)).await
            }
            // A site has one protocol for as long as it lives.
            _ => return Concluded::from(answer::unavailable()),
        };
        Concluded {
            outcome,
            afterwards: Afterwards::of(gateway, outbound),
        }
    }
}

impl<P: Platform> From<Answer> for Concluded<P> {
    fn from(answer: Answer) -> Self {
        Self {
            outcome: Outcome::Answer(answer),
            afterwards: None,
        }
    }
}

/// What asks the browser to bind its session to the device: with the answer that logs in, and with
/// a page for a session that is not bound.
fn offer<P: Platform, T>(
    gateway: &Gateway<P>,
    device: &Device,
    asked: &Asked<T>,
    outbound: &Outbound,
    unasked: Unasked,
) -> Option<String> {
    let evidence = asked.visit.device.as_ref();
    let unbound = evidence.and_then(|evidence| evidence.unbound);
    let unbound = unbound.filter(|_| asked.is_page && unasked.reissue);
    let name = outbound.began.or(unbound)?;
    let now = gateway.now;
    // Browsers look at it with TLS only.
    if asked.location.scheme != "https" || !device::may_offer(&name, now) {
        return None;
    }
    let offer = device::offer(device, name, now)?;
    crate::counters::device("offered");
    Some(offer)
}

/// From the origin to the browser: what the answer says of the session is done, and becomes lines
/// of ours.
async fn outbound<P: Platform, D: Dialect<P>>(
    dialect: &D,
    asked: Asked<D::Session>,
    answered: Result<ResponseHead<'_>, Unanswered>,
) -> (Outcome, Outbound) {
    let of_ours = |answer| (Outcome::Answer(answer), Outbound::default());
    let gateway = dialect.gateway();
    let (site, now) = (&*gateway.site, gateway.now);
    let Asked { mode, location, .. } = &asked;
    let refused = header_limit::check(
        &answered,
        asked.session_bytes,
        asked.wants_html,
        &gateway.platform,
    );
    if let Some(answer) = refused.await {
        return of_ours(answer);
    }
    let response = match answered {
        Ok(response) => response,
        Err(Unanswered::Unreachable(error)) => {
            log::warn("origin-unreachable", &json!(error));
            return of_ours(answer::bad_gateway());
        }
        Err(Unanswered::NoStatus(status)) => {
            log::warn("origin-status", &json!(status));
            return of_ours(answer::bad_gateway());
        }
    };
    if own_address::leads_past_us(&response, &site.origin, location) {
        log::warn("origin-redirects-to-https", &json!(location.path));
        return of_ours(answer::leads_past_us());
    }
    let mut cookies = SetCookies::read(&response, site, &location.path, now);
    let share = Share {
        sets: dialect.is_about_session(&cookies, &response),
        has_session: asked.visit.session().is_some(),
        mode: *mode,
        varies_by_cookie: dialect.varies_by_cookie(),
    };
    let said = Said::of(&response, now, site.date);
    let keeping = said.keeping(&share);
    let status = response.status;
    let removal = !said.is_for_keeping(&share, status);
    let unasked = Unasked {
        reissue: removal
            && *mode != Mode::Class
            && !asked.is_unasked_for
            && status < 500
            && status != 304,
        removal,
    };
    // On a public route nobody looked who it is; if the answer is about a session, now it counts.
    let looked_up = match &asked.cookies {
        Some(cookies) if share.sets => {
            let visit = dialect.read(cookies).await.ok();
            Some(Box::pin(presence::of_its_device(dialect, visit, cookies)).await)
        }
        _ => None,
    };
    let visit = match &looked_up {
        Some(visit) => visit.as_ref(),
        None => Some(&asked.visit),
    };
    let concluded = dialect.conclude(visit, *mode, &mut cookies, &response, unasked);
    let mut outbound = concluded.await;
    let unsaved = outbound.unsaved.take();
    let offer = match &site.device {
        Some(device) => offer(gateway, device, &asked, &outbound, unasked),
        None => None,
    };
    let keeping = if outbound.lines.is_empty() && unsaved.is_none() && offer.is_none() {
        keeping
    } else {
        Keeping::Nobody
    };
    gateway.note_cookies(location, outbound.lines.iter().map(String::as_str));
    let mut edits = Vec::new();
    if response.field("session-patch").is_some() {
        edits.push(Edit::remove("session-patch"));
    }
    cookies.edits(core::mem::take(&mut outbound.lines), &mut edits);
    caching::edits(&said, keeping, &response, &mut edits);
    own_address::replace(&response, &site.origin, location, &mut edits);
    if let Some(offer) = offer {
        edits.push(Edit::append("secure-session-registration", offer));
    }
    if let Some(placement) = outbound.placement.take() {
        edits.push(Edit::set(PLACEMENT_HEADER, placement));
    }
    if let Some(reason) = unsaved {
        edits.push(Edit::set(UNSAVED_HEADER, reason.to_owned()));
    }
    let outcome = if edits.is_empty() {
        Outcome::AsItIs
    } else {
        Outcome::Edited(edits)
    };
    (outcome, outbound)
}
