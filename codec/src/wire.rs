//! Layouts of what travels: pure, without keys. Each file is one layout, fields in wire order.

pub(crate) mod django;
#[cfg(feature = "fernet")]
pub(crate) mod fernet;
#[cfg(feature = "flask")]
pub(crate) mod flask;
pub(crate) mod inner;
pub(crate) mod record;
pub(crate) mod sealed;
pub(crate) mod split;
pub(crate) mod ticket;
pub(crate) mod trail;
