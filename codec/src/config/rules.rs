use super::{Config, ConfigError};
use crate::{
    atoms::{Envelope, Priority},
    rules::KeyOverflow,
};

impl Config {
    pub(crate) fn check_rules(&self) -> Result<(), ConfigError> {
        for rule in &self.rules {
            if rule.secret && self.write != Envelope::Sealed {
                return Err(ConfigError::ReadableSecret(rule.key.clone()));
            }
            if rule.priority == Priority::Critical && rule.overflow == Some(KeyOverflow::Drop) {
                return Err(ConfigError::CriticalDropped(rule.key.clone()));
            }
        }
        Ok(())
    }
}
