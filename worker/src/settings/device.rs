//! `SESSION_DEVICE`: whether sessions are bound to the devices that logged in.

use session_codec::{
    KeyRing, Secret,
    cookie::{CookieProfile, CookieProfileConfig},
};
use session_gateway::{
    device::{Device, DeviceTokens, Enforcement},
    routes::{Mode, Routes},
    site::Revocation,
};

use super::{StoreChoice, Tier, field::Fields, setting, value::json};

/// What other settings say that it depends on.
pub(super) struct Around<'s> {
    pub(super) sealing: Option<&'s KeyRing<Secret>>,
    pub(super) cookie: Option<&'s CookieProfileConfig>,
    pub(super) audience: Option<&'s str>,
    pub(super) store: Option<StoreChoice>,
    /// `None` where the site keeps its sessions itself.
    pub(super) revocation: Option<Revocation>,
    pub(super) writes_sealed: bool,
    pub(super) routes: Option<&'s Routes>,
}

/// How sessions are bound to devices; the inner `None`: they are not.
pub(super) fn read(fields: &mut Fields<'_>, around: &Around<'_>) -> Option<Option<Device>> {
    let enforcement = fields.choice(&setting::SESSION_DEVICE, |text| match text {
        "off" => Some(None),
        "observe" => Some(Some(Enforcement::Observe)),
        "bound" => Some(Some(Enforcement::Bound)),
        _ => None,
    })?;
    let Some(enforcement) = enforcement else {
        let wants = |routes: &Routes| routes.modes().any(|(_, mode)| mode == Mode::Device);
        if around.routes.is_some_and(wants) {
            fields.problem(
                "SESSION_ROUTES",
                r#"the mode "device" wants SESSION_DEVICE = "observe" or "bound""#,
            );
        }
        return Some(None);
    };
    let seconds = fields.number(&setting::SESSION_DEVICE_SECONDS);
    let proof = setting::SESSION_DEVICE_PROOF_SECONDS;
    let proof_seconds = fields.optional(proof.setting, |text| proof.read(text));
    let initiators = fields.parsed(setting::SESSION_DEVICE_INITIATORS, initiators);
    for reason in impossible(around) {
        fields.problem("SESSION_DEVICE", reason);
    }
    let cookie = around.cookie?;
    let profile = CookieProfile::new(CookieProfileConfig {
        name: format!("{}-device", cookie.name),
        ..cookie.clone()
    });
    let profile = profile
        .map_err(|error| fields.problem("SESSION_COOKIE", error))
        .ok();
    let name = profile.as_ref().map(|profile| profile.name().as_str());
    let Some(sealing) = around.sealing else {
        fields.problem(
            "SESSION_KEYS",
            "missing, and SESSION_DEVICE seals with them",
        );
        return None;
    };
    let tokens = DeviceTokens::new(sealing, name?, around.audience?);
    let tokens = tokens
        .map_err(|error| fields.problem("SESSION_KEYS", error))
        .ok();
    Some(Some(Device {
        enforcement,
        tokens: tokens?,
        profile: profile?,
        seconds: seconds?,
        proof_seconds: proof_seconds?,
        initiators: initiators?,
    }))
}

/// Why it cannot work with the other settings.
fn impossible(around: &Around<'_>) -> Vec<&'static str> {
    let is_told_at_once = |store: StoreChoice| {
        let mut tiers = store.tiers();
        tiers.any(|tier| matches!(tier, Tier::D1 | Tier::Object | Tier::Origin))
    };
    let cookie = |is: fn(&CookieProfileConfig) -> bool| around.cookie.is_some_and(is);
    let reasons = [
        (
            around.store.is_some_and(|store| !is_told_at_once(store)),
            r#"wants a store that is told at once to which device a session is bound: SESSION_STORE = "do", "d1" or "origin", or one of them behind "kv""#,
        ),
        (
            around
                .revocation
                .is_some_and(|revocation| revocation != Revocation::Always),
            r#"wants SESSION_REVOCATION = "always": a binding is looked up where an end is"#,
        ),
        (
            !around.writes_sealed,
            r#"wants SESSION_WRITE = "sealed": other cookies hold no id to bind"#,
        ),
        (
            cookie(|cookie| cookie.partitioned),
            "does not go together with SESSION_COOKIE_PARTITIONED, which browsers refuse for it",
        ),
        (
            cookie(|cookie| cookie.domain.is_some()),
            "does not go together with SESSION_COOKIE_DOMAIN: a device is shown to one host, and the others would take its session for a copy",
        ),
        (
            cookie(|cookie| cookie.path != "/"),
            r#"wants SESSION_COOKIE_PATH = "/": without the session nothing can be registered at /_session"#,
        ),
    ];
    let reasons = reasons.into_iter().filter(|(applies, _)| *applies);
    reasons.map(|(_, reason)| reason).collect()
}

/// Hosts, as `login.example` or `*.example`.
fn initiators(text: &str) -> Result<Vec<String>, String> {
    let hosts: Vec<String> = json(text, r#"a JSON array of hosts, as ["login.example"]"#)?;
    let is_host = |host: &String| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-.*".contains(&byte);
        !host.is_empty() && host.len() <= 253 && host.bytes().all(is_letter)
    };
    match hosts.iter().find(|host| !is_host(host)) {
        Some(host) => Err(format!("{host:?} is no host")),
        None => Ok(hosts),
    }
}
