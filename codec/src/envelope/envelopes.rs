use alloc::vec::Vec;

use rand_core::TryCryptoRng;

#[cfg(feature = "fernet")]
use super::fernet::Recipe;
#[cfg(feature = "flask")]
use super::flask::{self, Flask};
use super::{
    Draft, Envelope, Reading, Tools, Written,
    django::{self, Django},
    sealed::{self, Sealed},
};
use crate::{
    config::{Acceptance, Config, ConfigError, Keys},
    error::{Reason, SealError},
    session::OpenSession,
    workspace::Workspace,
};

/// The envelopes that are read, the one that is written, and each one's keys, where there are any.
pub(crate) struct Envelopes {
    pub(crate) write: Envelope,
    pub(crate) accept: Vec<Acceptance>,
    sealed: Option<Sealed>,
    pub(crate) django: Option<Django>,
    #[cfg(feature = "flask")]
    flask: Option<Flask>,
    #[cfg(feature = "fernet")]
    fernet: Option<Recipe>,
}

impl Envelopes {
    pub(crate) fn new(
        config: &Config,
        cookie_name: &str,
        keys: &Keys,
    ) -> Result<Self, ConfigError> {
        let sealed = keys.sealing.as_ref();
        let sealed = sealed.map(|ring| Sealed::new(ring, cookie_name, &config.audience));
        let django = keys.django.as_ref();
        Ok(Self {
            write: config.write,
            accept: config.accept.clone(),
            sealed: sealed.transpose()?,
            django: django.map(|ring| Django::new(ring, config.identify)),
            #[cfg(feature = "flask")]
            flask: keys.flask.as_ref().map(Flask::new),
            #[cfg(feature = "fernet")]
            fernet: django.map(Recipe::new),
        })
    }

    /// What is read or written has its keys; what is read for a migration has an end, or it would
    /// be read for ever; and only what is written is read without one.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        #[cfg(feature = "fernet")]
        if self.write == Envelope::Fernet {
            return Err(ConfigError::ReadOnly(Envelope::Fernet));
        }
        self.check_key(self.write)?;
        for &Acceptance {
            envelope, until, ..
        } in &self.accept
        {
            self.check_key(envelope)?;
            if envelope.is_for_migration() && until.is_none() && envelope != self.write {
                return Err(ConfigError::NoEnd(envelope));
            }
        }
        if !self.accept.contains(&Acceptance::always(self.write)) {
            return Err(ConfigError::WritesWhatItRefuses);
        }
        Ok(())
    }

    fn check_key(&self, envelope: Envelope) -> Result<(), ConfigError> {
        match envelope {
            Envelope::Sealed if self.sealed.is_none() => Err(ConfigError::NoSealingKey),
            Envelope::Django if self.django.is_none() => Err(ConfigError::NoDjangoKey),
            #[cfg(feature = "flask")]
            Envelope::Flask if self.flask.is_none() => Err(ConfigError::NoFlaskKey),
            #[cfg(feature = "fernet")]
            Envelope::Fernet if self.fernet.is_none() => Err(ConfigError::NoDjangoKey),
            _ => Ok(()),
        }
    }

    /// What a ticket-only cookie takes: the least that spilling needs.
    pub(crate) const fn least_characters(&self) -> usize {
        match self.write {
            Envelope::Sealed => sealed::TICKET_ONLY_CHARACTERS,
            Envelope::Django => django::TICKET_ONLY_CHARACTERS,
            #[cfg(feature = "flask")]
            Envelope::Flask => flask::TICKET_ONLY_CHARACTERS,
            #[cfg(feature = "fernet")]
            Envelope::Fernet => usize::MAX, // refused when configured
        }
    }

    /// Opens a value with the one reader that it claims, if that is accepted at all.
    pub(crate) fn read(
        &self,
        value: &[u8],
        reading: &Reading<'_>,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let envelope = Envelope::claimed_by(value);
        let is_it = |acceptance: &Acceptance| acceptance.envelope == envelope;
        if !self.accept.iter().any(is_it) {
            return Err(Reason::NotAccepted);
        }
        let opened = match envelope {
            Envelope::Sealed => {
                let sealed = self.sealed.as_ref();
                sealed.map(|sealed| sealed.read(value, reading, workspace))
            }
            Envelope::Django => {
                let django = self.django.as_ref();
                django.map(|django| django.read(value, reading, workspace))
            }
            #[cfg(feature = "flask")]
            Envelope::Flask => {
                let flask = self.flask.as_ref();
                flask.map(|flask| flask.read(value, reading, workspace))
            }
            #[cfg(feature = "fernet")]
            Envelope::Fernet => {
                let recipe = self.fernet.as_ref();
                recipe.map(|recipe| recipe.open(value, reading, workspace))
            }
        };
        opened.unwrap_or(Err(Reason::NotAccepted))
    }

    /// Writes a session in at most `room` characters.
    pub(crate) fn write(
        &self,
        draft: &Draft<'_>,
        room: usize,
        tools: &Tools<'_>,
        rng: &mut impl TryCryptoRng,
        workspace: &mut Workspace,
    ) -> Result<Written, SealError> {
        let written = match self.write {
            Envelope::Sealed => {
                let sealed = self.sealed.as_ref();
                sealed.map(|sealed| sealed.write(draft, room, tools, rng, workspace))
            }
            Envelope::Django => {
                let django = self.django.as_ref();
                django.map(|django| django.write(draft, room, tools, rng, workspace))
            }
            #[cfg(feature = "flask")]
            Envelope::Flask => {
                let flask = self.flask.as_ref();
                flask.map(|flask| flask.write(draft, room, tools, rng, workspace))
            }
            #[cfg(feature = "fernet")]
            Envelope::Fernet => None, // refused when configured
        };
        written.unwrap_or(Err(SealError::NoKey))
    }
}
