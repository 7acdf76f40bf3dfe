//! Layouts of what travels: pure, without keys. Each file is one layout, fields in wire order.

pub(crate) mod django;
pub(crate) mod inner;
pub(crate) mod record;
pub(crate) mod sealed;
pub(crate) mod ticket;
