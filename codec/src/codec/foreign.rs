use crate::{
    atoms::Envelope,
    config::{Acceptance, ConfigError, Keys},
};

/// Readers of envelopes that are here only to migrate away from them: each is there if its cargo
/// feature is on and its keys are configured.
pub(super) struct Foreign {
    #[cfg(feature = "flask")]
    pub(super) flask: Option<crate::flask::Serializer>,
    #[cfg(feature = "fernet")]
    pub(super) fernet: Option<crate::fernet::Recipe>,
}

impl Foreign {
    #[cfg_attr(not(feature = "fernet"), allow(unused_variables))]
    pub(super) fn new(keys: &Keys) -> Self {
        Self {
            #[cfg(feature = "flask")]
            flask: None,
            #[cfg(feature = "fernet")]
            fernet: keys.django.as_ref().map(crate::fernet::Recipe::new),
        }
    }

    /// What is read for a migration has an end, or it would be read for ever; only what is written
    /// is read without one.
    pub(super) fn check(&self, write: Envelope, accept: &[Acceptance]) -> Result<(), ConfigError> {
        #[cfg(feature = "fernet")]
        if write == Envelope::Fernet {
            return Err(ConfigError::ReadOnly(Envelope::Fernet));
        }
        self.check_key(write)?;
        for &Acceptance {
            envelope, until, ..
        } in accept
        {
            self.check_key(envelope)?;
            if envelope.is_for_migration() && until.is_none() && envelope != write {
                return Err(ConfigError::NoEnd(envelope));
            }
        }
        Ok(())
    }

    #[allow(clippy::match_single_binding)] // with neither feature nothing is left but the rest
    fn check_key(&self, envelope: Envelope) -> Result<(), ConfigError> {
        match envelope {
            #[cfg(feature = "flask")]
            Envelope::Flask if self.flask.is_none() => Err(ConfigError::NoFlaskKey),
            #[cfg(feature = "fernet")]
            Envelope::Fernet if self.fernet.is_none() => Err(ConfigError::NoDjangoKey),
            _ => Ok(()),
        }
    }
}

#[cfg(any(feature = "flask", feature = "fernet"))]
impl super::Codec {
    /// How old a cookie that knows only its own time may be: when its session began it does not
    /// say, but not later.
    pub(super) fn foreign_max_age(&self) -> core::time::Duration {
        self.lifetimes.idle.min(self.lifetimes.absolute)
    }
}

#[cfg(all(test, feature = "flask", feature = "fernet"))]
mod tests;
