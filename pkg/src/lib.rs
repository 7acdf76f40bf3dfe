//! session-codec for JavaScript.
//!
//! Each call takes texts and gives one text: what crosses the boundary is copied and transcoded
//! once each way, and JSON is parsed where the engine does it fastest. Parts of a text are separated
//! by a NUL, which no JSON and no cookie holds. `js/` makes the API of it; nothing here is for users.

#![allow(clippy::missing_errors_doc)] // every error is the text that failure.rs makes
#![cfg_attr(test, allow(clippy::unwrap_used))]

extern crate alloc;

mod codec;
mod device;
mod entropy;
mod failure;
mod inspection;
mod keys;
mod origin_mac;
mod settings;
mod signing;
mod state;

use core::cell::RefCell;

use session_codec::{Timestamp, Workspace};

pub use codec::{Codec, overlaid, raw, restarted, sizes, take_record};
pub use device::{Device, device_denied, device_page, device_standing};
pub use entropy::forget_random;
pub use inspection::{generate_key, inspect, key_id, limits, read_cookies, read_set_cookie};
pub use origin_mac::OriginMac;
pub use signing::{dumps, loads};

/// Between the parts of a text.
pub(crate) const END: char = '\0';

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::new());
}

/// The one workspace: there is one thread, and calls do not nest.
pub(crate) fn with_workspace<T>(work: impl FnOnce(&mut Workspace) -> T) -> T {
    WORKSPACE.with_borrow_mut(work)
}

/// `Date.now()` as a time; not a number is 1970, which no session survives.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float beyond the range saturates, and fractions of a millisecond do not count"
)]
pub(crate) const fn timestamp(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as i64)
}
