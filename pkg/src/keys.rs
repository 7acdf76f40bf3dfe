use alloc::{format, string::String, vec::Vec};

use zeroize::Zeroizing;

use crate::{failure, settings};
use session_codec::{
    Codec, Config, DjangoSecret, KeyRing, Keys, Secret, Timestamp, flask::FlaskSecret,
};

/// The secrets as JavaScript hands them over.
#[derive(Default)]
pub(crate) struct KeyTexts<'t> {
    sealing: Vec<SealingText<'t>>,
    django: Vec<Zeroizing<Vec<u8>>>,
    django_weak: bool,
    flask: Vec<Zeroizing<Vec<u8>>>,
    flask_weak: bool,
}

struct SealingText<'t> {
    secret: &'t str,
    /// Seconds since 1970.
    until: Option<i64>,
}

impl<'t> KeyTexts<'t> {
    /// `sealing`, `until` for the one before, `django`, `flask` in hexadecimal, `django_weak`, `flask_weak`.
    pub(crate) fn read(text: &'t str) -> Result<Self, String> {
        let mut keys = Self::default();
        for (field, value) in settings::fields(text) {
            match field {
                "sealing" => keys.sealing.push(SealingText {
                    secret: value,
                    until: None,
                }),
                "until" => {
                    if let Some(last) = keys.sealing.last_mut() {
                        last.until = value.parse().ok();
                    }
                }
                "django" => keys.django.push(bytes(value)?),
                "flask" => keys.flask.push(bytes(value)?),
                "django_weak" => keys.django_weak = true,
                "flask_weak" => keys.flask_weak = true,
                _ => return Err(failure::of_key("an unknown kind of key")),
            }
        }
        Ok(keys)
    }

    /// The ring of sealing keys.
    pub(crate) fn sealing(self) -> Result<KeyRing<Secret>, String> {
        let ring = ring(self.secrets()?, "keys")?;
        ring.ok_or_else(|| failure::failure("invalid_config", "a sealing key is needed"))
    }

    fn secrets(&self) -> Result<Vec<Secret>, String> {
        let mut sealing = Vec::with_capacity(self.sealing.len());
        for (index, text) in self.sealing.iter().enumerate() {
            let named = |error| failure::of_key(format!("keys: key {}: {error}", index + 1));
            let secret = Secret::parse(text.secret).map_err(named)?;
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
        Ok(sealing)
    }

    /// The codec, and the ids of its sealing keys, the one that writes first.
    pub(crate) fn codec(self, config: Config) -> Result<(Codec, Vec<String>), String> {
        let sealing = self.secrets()?;
        let ids = sealing
            .iter()
            .map(|secret| format!("{}", secret.key_id()))
            .collect();
        let keys = Keys::sealing(ring(sealing, "keys")?)
            .django(django(&self.django, self.django_weak)?)
            .flask(flask(&self.flask, self.flask_weak)?);
        let codec = Codec::new(config, &keys).map_err(failure::of_config)?;
        Ok((codec, ids))
    }
}

/// The bytes of a framework's key, which need not be text, from their hexadecimal digits.
pub(crate) fn bytes(digits: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
    bytes
        .map(Zeroizing::new)
        .ok_or_else(|| failure::of_key("not hexadecimal digits"))
}

pub(crate) fn django(
    keys: &[Zeroizing<Vec<u8>>],
    weak: bool,
) -> Result<Option<KeyRing<DjangoSecret>>, String> {
    let secret = |key: &Zeroizing<Vec<u8>>| match weak {
        true => DjangoSecret::new_allowing_weak(key.as_slice()),
        false => DjangoSecret::new(key.as_slice()),
    };
    let secrets: Result<Vec<_>, _> = keys.iter().map(secret).collect();
    ring(secrets.map_err(failure::of_key)?, "django.secretKeys")
}

pub(crate) fn flask(
    keys: &[Zeroizing<Vec<u8>>],
    weak: bool,
) -> Result<Option<KeyRing<FlaskSecret>>, String> {
    let secret = |key: &Zeroizing<Vec<u8>>| match weak {
        true => FlaskSecret::new_allowing_weak(key.as_slice()),
        false => FlaskSecret::new(key.as_slice()),
    };
    let secrets: Result<Vec<_>, _> = keys.iter().map(secret).collect();
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
