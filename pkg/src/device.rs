use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use session_codec::{
    StoreName, Timestamp,
    cookie::{CookieProfile, Lifetime},
    device::{Binding, Challenge, DENIED, DeviceTokens, Identifier, PublicKey, Refreshed, Shown},
};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::{
    END, codec::keep_record, entropy::Entropy, failure, keys::KeyTexts, settings, timestamp,
};

/// What stands beside sessions that are bound to devices, as configured.
#[wasm_bindgen]
pub struct Device {
    tokens: DeviceTokens,
    profile: CookieProfile,
    /// For how many seconds the device cookie counts.
    seconds: u32,
}

#[wasm_bindgen]
impl Device {
    /// From the texts that a codec is made of.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &str, keys: String, seconds: u32) -> Result<Self, String> {
        let keys = Zeroizing::new(keys);
        let mut config = settings::config(config)?;
        config.cookie.name.push_str("-device");
        let profile = CookieProfile::new(config.cookie);
        let profile = profile.map_err(|error| failure::failure("invalid_config", error))?;
        let name = profile.name().as_str();
        let ring = KeyTexts::read(&keys)?.sealing()?;
        let tokens = DeviceTokens::new(&ring, name, &config.audience).map_err(failure::of_key)?;
        Ok(Self {
            tokens,
            profile,
            seconds,
        })
    }

    /// `name END attributes END line`, where the line removes the cookie.
    #[must_use]
    pub fn about(&self) -> String {
        let (name, attributes) = (self.profile.name().as_str(), self.profile.attributes());
        format!("{name}{END}{attributes}{END}{}", self.profile.remove())
    }

    /// What a device is to sign for the session of this name.
    pub fn challenge(&self, session: &str, now: f64) -> Result<String, String> {
        let challenge = Challenge {
            session: name(session)?,
            asked: timestamp(now),
        };
        let sealed = self.tokens.challenge(&challenge, &mut Entropy);
        sealed.map_err(failure::of_seal)
    }

    /// The session of a challenge that was asked of late, or nothing.
    #[must_use]
    pub fn asked(&self, text: &str, now: f64) -> String {
        let asked = self.tokens.asked(text, timestamp(now));
        asked.map_or_else(String::new, |asked| asked.session.to_text())
    }

    /// A device cookie: `session first proved`, where `first` is 0 or 1 and `proved` are seconds since 1970, or
    /// nothing if it is none of ours, or its time is over.
    #[must_use]
    pub fn shown(&self, value: &str, now: f64) -> String {
        let shown = self
            .tokens
            .shown(value.as_bytes(), self.seconds, timestamp(now));
        shown.map_or_else(String::new, |shown| {
            let session = shown.session.to_text();
            format!(
                "{session} {} {}",
                u8::from(shown.is_first),
                shown.proved.seconds()
            )
        })
    }

    /// What a browser calls its session: `session x y`, or nothing if it is none of ours.
    #[must_use]
    pub fn identified(&self, text: &str, now: f64) -> String {
        match self.tokens.identified(text, timestamp(now)) {
            Ok((identifier, _)) => {
                let [x, y] = identifier.key.to_coordinates();
                format!("{} {x} {y}", identifier.session.to_text())
            }
            Err(_) => String::new(),
        }
    }

    /// A registration whose signature is right, by what is kept under the session's name: `k identifier END line`,
    /// and what is to be kept then is the record; `r` and why not.
    pub fn register(
        &self,
        challenge: &str,
        x: &str,
        y: &str,
        kept: Option<Vec<u8>>,
        now: f64,
    ) -> Result<String, String> {
        let now = timestamp(now);
        let Some(asked) = self.tokens.asked(challenge, now) else {
            return Ok("rbad_challenge".to_owned());
        };
        let Some(key) = PublicKey::from_coordinates(x, y) else {
            return Ok("rbad_key".to_owned());
        };
        let before = match Kept::read(kept.as_deref()) {
            Kept::Ended => return Ok("rno_session".to_owned()),
            Kept::Damaged => return Ok("runavailable".to_owned()),
            Kept::Bound(binding) => Some(binding),
            Kept::Nothing => None,
        };
        let Some(binding) = Binding::registered(before, &key, now) else {
            return Ok("rbound_already".to_owned());
        };
        let identifier = Identifier {
            session: asked.session,
            key,
            since: binding.since,
        };
        let text = self.tokens.identify(&identifier, &mut Entropy);
        let text = text.map_err(failure::of_seal)?;
        let line = self.cookie(&identifier, &asked, true, now)?;
        keep_record(binding.to_bytes());
        Ok(format!("k{text}{END}{line}"))
    }

    /// A proof whose signature is that of the identifier's key and whose challenge is of this session: `s line`; `k line`
    /// where the record is to be kept; `o` if the browser's session is over, `O` if its cookie is to go, too; `u`
    /// nobody knows.
    pub fn refresh(
        &self,
        identifier: &str,
        challenge: &str,
        kept: Option<Vec<u8>>,
        now: f64,
    ) -> Result<String, String> {
        let now = timestamp(now);
        let identified = self.tokens.identified(identifier, now).ok();
        let Some(((identifier, _), asked)) = identified.zip(self.tokens.asked(challenge, now))
        else {
            return Ok("o".to_owned());
        };
        let kept = match Kept::read(kept.as_deref()) {
            Kept::Ended => return Ok("O".to_owned()),
            Kept::Damaged => return Ok("u".to_owned()),
            Kept::Bound(binding) => Some(binding),
            Kept::Nothing => None,
        };
        let flag = match identifier.refreshed(kept) {
            Refreshed::Other => return Ok("o".to_owned()),
            Refreshed::Stands => 's',
            Refreshed::Keeps(binding) => {
                keep_record(binding.to_bytes());
                'k'
            }
        };
        let line = self.cookie(&identifier, &asked, false, now)?;
        Ok(format!("{flag}{line}"))
    }

    /// A first device cookie, by which a browser shows that it knows of its binding, by what is kept: `s` all is as it
    /// was; `k` the record is to be kept instead; `o` the session is bound to another device.
    #[must_use]
    pub fn confirm(&self, value: &str, kept: Option<Vec<u8>>, now: f64) -> String {
        let now = timestamp(now);
        let shown = self.tokens.shown(value.as_bytes(), self.seconds, now);
        let flag = match (shown, Kept::read(kept.as_deref())) {
            (Some(shown), Kept::Bound(binding)) if shown.thumbprint != binding.thumbprint => "o",
            (Some(_), Kept::Bound(binding)) if !binding.is_confirmed => {
                let confirmed = Binding {
                    is_confirmed: true,
                    ..binding
                };
                keep_record(confirmed.to_bytes());
                "k"
            }
            _ => "s",
        };
        flag.to_owned()
    }

    fn cookie(
        &self,
        identifier: &Identifier,
        challenge: &Challenge,
        is_first: bool,
        now: Timestamp,
    ) -> Result<String, String> {
        let shown = Shown {
            session: identifier.session,
            thumbprint: identifier.key.thumbprint(),
            proved: challenge.asked,
            is_first,
        };
        let value = self.tokens.show(&shown, &mut Entropy);
        let value = value.map_err(failure::of_seal)?;
        let lifetime = Lifetime::MaxAge(challenge.cookie_seconds(self.seconds, now));
        let line = self.profile.set(&value, lifetime);
        let line = line.map_err(|error| failure::failure("invalid_cookie", error))?;
        Ok(line.into_string())
    }
}

/// What a store has under a session's name: `n` nothing, `d` it has ended, `x` nothing that we wrote; of a binding
/// `b` if it counts and `w` if it waits for its browser.
#[wasm_bindgen]
#[must_use]
pub fn device_standing(kept: Option<Vec<u8>>) -> String {
    let flag = match Kept::read(kept.as_deref()) {
        Kept::Nothing => "n",
        Kept::Ended => "d",
        Kept::Damaged => "x",
        Kept::Bound(binding) if binding.is_confirmed => "b",
        Kept::Bound(_) => "w",
    };
    flag.to_owned()
}

/// The page that asks again from here, for a link from another site: the Worker's.
#[wasm_bindgen]
#[must_use]
pub fn device_page() -> String {
    include_str!("../../gateway/src/answer/from_elsewhere.html").to_owned()
}

/// What is kept of a session that has ended.
#[wasm_bindgen]
#[must_use]
pub fn device_denied() -> Vec<u8> {
    DENIED.to_vec()
}

/// What a store has under a session's name.
enum Kept {
    Nothing,
    Bound(Binding),
    Ended,
    Damaged,
}

impl Kept {
    fn read(kept: Option<&[u8]>) -> Self {
        match kept {
            None => Self::Nothing,
            Some(bytes) if bytes == DENIED => Self::Ended,
            Some(bytes) => Binding::read(bytes).map_or(Self::Damaged, Self::Bound),
        }
    }
}

fn name(text: &str) -> Result<StoreName, String> {
    text.parse().map_err(failure::of_json)
}
