use session_codec::{Codec, OpenSession, Timestamp};

/// A keyed hash, under which a list tells that something ended.
pub(crate) type Name = [u8; 24];

/// Of whom it is asked whether it has ended: a session and its user, by their names on the list.
pub(crate) struct Subject {
    session: Vec<Name>,
    user: Vec<Name>,
    created: Timestamp,
}

impl Subject {
    pub(crate) fn of(codec: &Codec, opened: &OpenSession, user: Option<&str>) -> Self {
        let of_user = |user| codec.user_denials(opened, user);
        Self {
            session: codec.session_denials(opened),
            user: user.map_or_else(Vec::new, of_user),
            created: opened.lineage().created(),
        }
    }

    /// Whether it is known whose session it is.
    pub(crate) fn has_user(&self) -> bool {
        !self.user.is_empty()
    }

    /// The names of the session itself.
    pub(super) fn session(&self) -> &[Name] {
        &self.session
    }

    /// The names of its user, if it has one that is known.
    pub(super) fn user(&self) -> &[Name] {
        &self.user
    }

    pub(super) const fn created(&self) -> Timestamp {
        self.created
    }
}
