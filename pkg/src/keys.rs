use alloc::{format, string::String, vec::Vec};

use serde::Deserialize;
use session_codec::{
    Codec, Config, DjangoSecret, KeyRing, Keys, Secret, Timestamp, flask::FlaskSecret,
};
use zeroize::Zeroizing;

use crate::failure;

/// The secrets as JavaScript hands them over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyTexts {
    sealing: Vec<SealingText>,
    django: Vec<Zeroizing<String>>,
    django_weak: bool,
    flask: Vec<Zeroizing<String>>,
    flask_weak: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SealingText {
    secret: Zeroizing<String>,
    /// Seconds since 1970.
    until: Option<i64>,
}

impl KeyTexts {
    pub(crate) fn read(json: &str) -> Result<Self, String> {
        // Where serde failed is not told: its message may hold a key.
        serde_json::from_str(json).map_err(|_| failure::of_key("the keys are not texts"))
    }

    /// The codec, and the ids of its sealing keys, the one that writes first.
    pub(crate) fn codec(self, config: Config) -> Result<(Codec, Vec<String>), String> {
        let mut sealing = Vec::with_capacity(self.sealing.len());
        for (index, text) in self.sealing.iter().enumerate() {
            let named = |error| failure::of_key(format!("keys: key {}: {error}", index + 1));
            let secret = Secret::parse(&text.secret).map_err(named)?;
            sealing.push(match text.until {
                Some(_) if index == 0 => {
                    return Err(failure::of_key(
                        "keys: the first key writes, so it has no end",
                    ));
                }
                Some(until) => secret.ending(Timestamp::from_seconds(until)),
                None => secret,
            });
        }
        let ids = sealing
            .iter()
            .map(|secret| format!("{}", secret.key_id()))
            .collect();
        let keys = Keys {
            sealing: ring(sealing, "keys")?,
            django: django(&self.django, self.django_weak)?,
        };
        let codec = match flask(&self.flask, self.flask_weak)? {
            Some(flask) => Codec::with_flask(config, &keys, &flask),
            None => Codec::new(config, &keys),
        };
        Ok((codec.map_err(failure::of_config)?, ids))
    }
}

pub(crate) fn django(
    texts: &[Zeroizing<String>],
    weak: bool,
) -> Result<Option<KeyRing<DjangoSecret>>, String> {
    let secret = |text: &Zeroizing<String>| match weak {
        true => DjangoSecret::new_allowing_weak(text.as_bytes()),
        false => DjangoSecret::new(text.as_bytes()),
    };
    let secrets: Result<Vec<_>, _> = texts.iter().map(secret).collect();
    ring(secrets.map_err(failure::of_key)?, "django.secretKeys")
}

pub(crate) fn flask(
    texts: &[Zeroizing<String>],
    weak: bool,
) -> Result<Option<KeyRing<FlaskSecret>>, String> {
    let secret = |text: &Zeroizing<String>| match weak {
        true => FlaskSecret::new_allowing_weak(text.as_bytes()),
        false => FlaskSecret::new(text.as_bytes()),
    };
    let secrets: Result<Vec<_>, _> = texts.iter().map(secret).collect();
    ring(secrets.map_err(failure::of_key)?, "flask.secretKeys")
}

fn ring<K>(mut keys: Vec<K>, what: &str) -> Result<Option<KeyRing<K>>, String> {
    if keys.is_empty() {
        return Ok(None);
    }
    let fallbacks = keys.split_off(1);
    let primary = keys.remove(0);
    match KeyRing::new(primary, fallbacks) {
        Ok(ring) => Ok(Some(ring)),
        Err(error) => Err(failure::of_key(format!("{what}: {error}"))),
    }
}
