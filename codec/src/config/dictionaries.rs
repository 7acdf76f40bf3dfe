use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::{Config, ConfigError};
use crate::compress::Dictionary;

/// A dictionary of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DictionaryConfig {
    /// 128 to 255.
    pub id: u8,
    /// Its 1 to 32,768 bytes in base64 (RFC 4648 section 4, padded).
    pub base64: String,
}

impl Config {
    /// The dictionary that is written, and all that are read beside the built-in one.
    pub(crate) fn dictionaries(&self) -> Result<(Dictionary, Vec<Dictionary>), ConfigError> {
        let mut readable: Vec<Dictionary> = Vec::with_capacity(self.dictionaries.len());
        for DictionaryConfig { id, base64 } in &self.dictionaries {
            let bytes = STANDARD.decode(base64);
            let bytes = bytes.map_err(|_| ConfigError::DictionaryText(*id))?;
            let dictionary = Dictionary::configured(*id, bytes)?;
            if readable.iter().any(|other| other.id() == *id) {
                return Err(ConfigError::DictionaryTwice(*id));
            }
            readable.push(dictionary);
        }
        let mut known = core::iter::once(Dictionary::built_in()).chain(&readable);
        let written = known
            .find(|dictionary| dictionary.id() == self.write_dictionary)
            .cloned()
            .ok_or(ConfigError::UnknownDictionary(self.write_dictionary))?;
        Ok((written, readable))
    }
}
