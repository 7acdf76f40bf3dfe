//! Where a site keeps its sessions itself: Django's table in D1, or a server of its own.

mod d1;
mod origin;
mod source;

pub(crate) use d1::D1Rows;
pub(crate) use source::Rows;
