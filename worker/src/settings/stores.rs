use session_codec::{KeyRing, OriginMac, Secret};
use session_gateway::site::Columns;
use session_store::{Policy, Record, Select, Write};

use super::{field::Fields, keys::secret_of, setting, value::json};
use crate::{
    store::OriginAddress,
    tier::{StoreChoice, Tier},
};

/// `SESSION_ORIGIN_STORE_URL` and the secret `SESSION_ORIGIN_STORE_KEY`, if the settings name an
/// origin store: both or none.
pub(super) fn origin(
    fields: &mut Fields<'_>,
    store: Option<StoreChoice>,
    sealing: Option<&KeyRing<Secret>>,
) -> Option<Option<OriginAddress>> {
    let mac = |text: &str| {
        let key = secret_of(text)?;
        let is_sealing =
            sealing.is_some_and(|ring| ring.iter().any(|it| it.key_id() == key.key_id()));
        if is_sealing {
            Err("is one of SESSION_KEYS; draw another one".to_owned())
        } else {
            Ok(OriginMac::new(&key))
        }
    };
    if !store.is_some_and(|store| store.tiers().any(|tier| tier == Tier::Origin)) {
        return Some(None);
    }
    let mac = fields.parsed(setting::SESSION_ORIGIN_STORE_KEY, mac);
    // Read without its key as well, so that both problems are told at once.
    let placeholder = OriginMac::new(&Secret::from_bytes([0; 32]));
    let address = fields.parsed(setting::SESSION_ORIGIN_STORE_URL, |text| {
        OriginAddress::new(text, placeholder.clone())
    });
    Some(Some(OriginAddress {
        mac: mac?,
        ..address?
    }))
}

/// What a store is told of a session only if somebody wants it.
pub(super) fn columns(text: &str) -> Result<Columns, String> {
    let wrong = r#"a JSON array of "user", "ip" and "user_agent""#;
    let names: Vec<String> = json(text, wrong)?;
    let mut columns = Columns::default();
    for name in names {
        match &*name {
            "user" => columns.user = true,
            "ip" => columns.ip = true,
            "user_agent" => columns.user_agent = true,
            _ => return Err(format!("not {wrong}")),
        }
    }
    Ok(columns)
}

/// How two stores share the work: `SESSION_STORE_WRITE`, `SESSION_CACHE_BYTES` and
/// `SESSION_CACHE_USERS_ONLY`.
pub(super) fn policy(fields: &mut Fields<'_>) -> Option<Policy> {
    let write = fields.choice(&setting::SESSION_STORE_WRITE, |text| match text {
        "through" => Some(Write::Through),
        "behind" => Some(Write::Behind),
        "aside" => Some(Write::Aside),
        _ => None,
    });
    let max_bytes = fields.number(&setting::SESSION_CACHE_BYTES);
    let owned_only = fields.boolean(setting::SESSION_CACHE_USERS_ONLY);
    Some(Policy {
        write: write?,
        select: Select {
            max_bytes: usize::try_from(max_bytes?).unwrap_or(Record::MAX_BYTES),
            owned_only: owned_only?,
        },
    })
}
