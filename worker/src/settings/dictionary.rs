//! `SESSION_DICTIONARY`: the application's own compression dictionaries.

use alloc::collections::BTreeMap;

use session_codec::config::DictionaryConfig;

use super::value::json;

/// The dictionary that comes with the format.
const BUILT_IN_DICTIONARY: u8 = 1;

/// The id that is written with, and all dictionaries.
pub(super) fn read(text: &str) -> Result<(u8, Vec<DictionaryConfig>), String> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Dictionaries {
        write: Option<u8>,
        dictionaries: BTreeMap<String, String>,
    }
    let expected = r#"a JSON object, as {"write": 128, "dictionaries": {"128": "<base64>"}}"#;
    // A list would be taken for its fields in their order.
    if !text.trim_start().starts_with('{') {
        return Err(format!("not {expected}"));
    }
    let Dictionaries {
        write,
        dictionaries,
    } = json(text, expected)?;
    let dictionary = |(id, base64): (String, String)| match id.parse() {
        Ok(id) => Ok(DictionaryConfig { id, base64 }),
        Err(_) => Err(format!("{id:?} is not an id from 128 to 255")),
    };
    let dictionaries: Result<Vec<_>, _> = dictionaries.into_iter().map(dictionary).collect();
    Ok((write.unwrap_or(BUILT_IN_DICTIONARY), dictionaries?))
}
