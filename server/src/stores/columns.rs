use serde::Deserialize;
use session_codec::{StoreName, Timestamp};
use session_store::Proposal;

/// What a store keeps of sessions for people to look at, in a table beside the heads. Personal data, so nothing that
/// the settings do not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<Column>")]
pub struct Columns {
    /// Whose the session is, as a keyed hash.
    pub user: bool,
    /// The address that its last change came from.
    pub ip: bool,
    /// What the program there calls itself.
    pub user_agent: bool,
    /// When the session was first seen here.
    pub created: bool,
    /// When it was last changed.
    pub last_seen: bool,
}

/// One of them, as the settings name it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Column {
    User,
    Ip,
    UserAgent,
    Created,
    LastSeen,
}

impl From<Vec<Column>> for Columns {
    fn from(named: Vec<Column>) -> Self {
        let mut columns = Self::default();
        for column in named {
            let place = match column {
                Column::User => &mut columns.user,
                Column::Ip => &mut columns.ip,
                Column::UserAgent => &mut columns.user_agent,
                Column::Created => &mut columns.created,
                Column::LastSeen => &mut columns.last_seen,
            };
            *place = true;
        }
        columns
    }
}

impl Columns {
    /// Whether nothing is kept.
    #[must_use]
    pub fn are_none(self) -> bool {
        self == Self::default()
    }

    /// What is to be kept of a session once a proposal is; `None` if that changes nothing.
    pub(super) fn told(self, proposal: &Proposal, now: Timestamp) -> Option<Told<'_>> {
        let head = proposal.head.as_ref().filter(|_| !self.are_none())?;
        let session = &head.session;
        if head.to.is_none() {
            return Some(Told::Forgotten { session });
        }
        let (now, expires) = (now.seconds(), head.expires.seconds());
        let last_seen = self.last_seen.then_some(now);
        let Some(new) = &proposal.record else {
            return Some(Told::Seen {
                session,
                last_seen,
                expires,
            });
        };
        let meta = &new.meta;
        let user = meta.owner.as_ref().filter(|_| self.user);
        Some(Told::About(About {
            session,
            user_id: user.map(|user| user.to_text()),
            ip: meta.ip.as_deref().filter(|_| self.ip),
            user_agent: meta.user_agent.as_deref().filter(|_| self.user_agent),
            created: self.created.then_some(now),
            last_seen,
            expires,
        }))
    }
}

/// What a proposal says of its session.
pub(super) enum Told<'a> {
    /// Everything there is.
    About(About<'a>),
    /// It has no record of its own now: only that it was changed.
    Seen {
        session: &'a StoreName,
        last_seen: Option<i64>,
        expires: i64,
    },
    /// Its head is forgotten, and so is what stands beside it.
    Forgotten { session: &'a StoreName },
}

/// A row of the table.
pub(super) struct About<'a> {
    pub(super) session: &'a StoreName,
    pub(super) user_id: Option<String>,
    pub(super) ip: Option<&'a str>,
    pub(super) user_agent: Option<&'a str>,
    /// Stays what it was where there is a row already.
    pub(super) created: Option<i64>,
    pub(super) last_seen: Option<i64>,
    pub(super) expires: i64,
}
