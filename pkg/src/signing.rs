use core::time::Duration;

use alloc::{format, string::String, vec::Vec};

use session_codec::{
    Reason, Timestamp,
    flask::Serializer,
    policy::Limits,
    signing::{Signed, Signer},
};
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::{END, failure, keys, timestamp, with_workspace};

/// Signs and verifies as one framework does.
enum Framework {
    Django(Signer),
    Flask(Serializer),
}

impl Framework {
    /// `salt` is Django's; without one it is Flask. `keys` are in hexadecimal, with an [`END`] between.
    fn new(salt: Option<&str>, keys: String, weak: bool) -> Result<Self, String> {
        let keys = Zeroizing::new(keys);
        let keys: Vec<_> = keys.split(END).map(keys::bytes).collect::<Result<_, _>>()?;
        let none = || failure::of_key("there is no key");
        Ok(match salt {
            Some(salt) => Self::Django(Signer::new(
                salt,
                &keys::django(&keys, weak)?.ok_or_else(none)?,
            )),
            None => Self::Flask(Serializer::new(
                &keys::flask(&keys, weak)?.ok_or_else(none)?,
            )),
        })
    }

    fn loads(
        &self,
        text: &str,
        max_age: Option<Duration>,
        now: Timestamp,
    ) -> Result<Signed<String>, Reason> {
        let (text, limits) = (text.as_bytes(), Limits::default());
        with_workspace(|w| match self {
            Self::Django(signer) => signer.loads(text, max_age, now, &limits, w),
            Self::Flask(serializer) => serializer.loads(text, max_age, now, &limits, w),
        })
    }
}

/// `r` and the reason, or `s seconds position END json`. `max_age` in seconds, negative for none.
#[wasm_bindgen]
pub fn loads(
    text: &str,
    salt: Option<String>,
    keys: String,
    weak: bool,
    max_age: f64,
    now: f64,
) -> Result<String, String> {
    let framework = Framework::new(salt.as_deref(), keys, weak)?;
    let max_age = Duration::try_from_secs_f64(max_age).ok();
    Ok(match framework.loads(text, max_age, timestamp(now)) {
        Ok(signed) => format!(
            "s {} {}{END}{}",
            signed.issued.seconds(),
            signed.key.index(),
            *signed.value
        ),
        Err(reason) => format!("r{}", reason.label()),
    })
}

/// The signed text of a JSON value.
#[wasm_bindgen]
pub fn dumps(
    json: &str,
    salt: Option<String>,
    keys: String,
    weak: bool,
    now: f64,
) -> Result<String, String> {
    let framework = Framework::new(salt.as_deref(), keys, weak)?;
    let dumped = with_workspace(|w| match &framework {
        Framework::Django(signer) => signer.dumps(json, timestamp(now), w),
        Framework::Flask(serializer) => serializer.dumps(json, timestamp(now), w),
    });
    dumped.map_err(failure::of_json)
}
