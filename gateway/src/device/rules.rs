use session_codec::cookie::CookieProfile;

use super::DeviceTokens;

/// How sessions are bound to devices.
pub struct Device {
    /// What becomes of a bound session that comes without its device.
    pub enforcement: Enforcement,
    /// Seals and opens what stands beside the session.
    pub tokens: DeviceTokens,
    /// The cookie that says that the device was there lately.
    pub profile: CookieProfile,
    /// For how many seconds it says so.
    pub seconds: u32,
    /// How old a proof may be on routes of the mode `device`, in seconds; `None`: as old as the
    /// cookie.
    pub proof_seconds: Option<u32>,
    /// Hosts of other sites whose requests the browser may hold back for a proof.
    pub initiators: Vec<String>,
}

/// What becomes of a bound session that comes without its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcement {
    /// It is counted, and passes.
    Observe,
    /// It is no session.
    Bound,
}

impl Enforcement {
    /// As settings spell it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Bound => "bound",
        }
    }
}
