//! Names in a store, and whose a record is. Those of a session are hashes of its random id, those of
//! records and users keyed hashes: a store learns neither ids nor who anybody is.

pub(crate) mod labels;
mod owner_name;
mod store_name;
mod users;

pub use owner_name::OwnerName;
pub use store_name::{NotAName, StoreName};
pub(crate) use users::Users;
