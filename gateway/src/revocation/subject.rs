use session_codec::{Codec, OpenSession, StoreName, Timestamp};

/// Of whom it is asked whether it has ended: a session and its user, by their names on the list.
pub(crate) struct Subject {
    session: Option<StoreName>,
    head: Option<StoreName>,
    user: Vec<StoreName>,
    created: Timestamp,
}

impl Subject {
    pub(crate) fn of(codec: &Codec, opened: &OpenSession, user: Option<&str>) -> Self {
        let of_user = |user| codec.user_revocations(user);
        Self {
            session: codec.session_revocation(opened.lineage()),
            head: codec.head_name(opened.lineage()),
            user: user.map_or_else(Vec::new, of_user),
            created: opened.lineage().created(),
        }
    }

    /// Whether it is known whose session it is.
    pub(crate) fn has_user(&self) -> bool {
        !self.user.is_empty()
    }

    /// All names under which its end would be listed.
    pub(crate) fn names(&self) -> Vec<StoreName> {
        let names = self.session.iter().chain(&self.user);
        names.copied().collect()
    }

    /// The name of the session itself, if it has one: then it can be ended.
    pub(super) fn session(&self) -> &[StoreName] {
        self.session.as_slice()
    }

    /// The name of its head, if it has one.
    pub(super) const fn head(&self) -> Option<&StoreName> {
        self.head.as_ref()
    }

    /// The names of its user, if it has one that is known.
    pub(super) fn user(&self) -> &[StoreName] {
        &self.user
    }

    pub(super) const fn created(&self) -> Timestamp {
        self.created
    }
}
