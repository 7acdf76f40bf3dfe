use serde_json::json;
use session_codec::{StoreName, Timestamp};

use super::recent::may_alarm;
use crate::{counters, log, revocation::Binding};

/// In what way a bound session came without its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Without anything that shows a device: a copy of the cookie, or a browser that has lost its
    /// key.
    NoDevice,
    /// With the cookie of another device or session, or with one whose time is over.
    OtherDevice,
}

impl Side {
    const fn label(self) -> &'static str {
        match self {
            Self::NoDevice => "no_device",
            Self::OtherDevice => "other_device",
        }
    }
}

/// What it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answered {
    /// As if nothing were bound: it is only watched.
    Observed,
    /// A page that asks again, from this site.
    Again,
    /// To ask later: the browser says that it could not show its device just now.
    Unavailable,
    /// As without a session.
    Refused,
}

impl Answered {
    const fn label(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Again => "again",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        }
    }
}

/// A bound session came without its device: counted, and where that is not what browsers do by
/// themselves the operator is told, once a minute for each session.
pub(crate) fn alarm(
    session: &StoreName,
    binding: &Binding,
    (side, answered): (Side, Answered),
    address: Option<&str>,
    now: Timestamp,
) {
    counters::device_missing(answered.label());
    if answered == Answered::Again || !may_alarm(session, now) {
        return;
    }
    log::warn(
        "device-missing",
        &json!({
            // Nobody gets from it to the session.
            "session": session.to_text(),
            "at": now.seconds(),
            "bound_since": binding.since.seconds(),
            "side": side.label(),
            "answered": answered.label(),
            "address": address,
        }),
    );
}
