use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;

/// Where requests come in: `127.0.0.1:8790`, `unix:/run/edge-session/server.sock`, `systemd`, or nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Listen {
    /// An address and a port; port 0 is any that is free.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
    /// The socket that whoever starts this has open already, as systemd does: it stays open while this is
    /// started again, so nobody is refused meanwhile.
    Systemd,
    /// Nowhere.
    Nowhere,
}

const SYSTEMD: &str = "systemd";

impl Listen {
    pub(super) const fn local(port: u16) -> Self {
        Self::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }

    /// Whether only this machine can come in.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            // Whoever opened it knows who can come in.
            Self::Unix(_) | Self::Systemd | Self::Nowhere => true,
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::Nowhere);
        }
        if text == SYSTEMD {
            return Ok(Self::Systemd);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(path.into()));
        }
        let address = text.parse().map(Self::Tcp);
        address.map_err(|_| format!("{text} is neither address:port nor unix:/path nor systemd"))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str(SYSTEMD),
            Self::Nowhere => f.write_str("nowhere"),
        }
    }
}
