//! Who a visitor is, in one word: cheap to know, and few enough that a page cache can keep one
//! page for each.

use session_codec::{OpenSession, SessionData, Timestamp};

/// `x-session-class`, from the least to the most trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// No session, or one without a user.
    Anonymous,
    /// A user.
    Known,
    /// A user whose session began a short time ago: who may change a password without being asked
    /// for the old one.
    Fresh,
}

/// How classes are told apart.
pub struct ClassRule {
    /// The key that is there when somebody is logged in.
    pub user_key: String,
    /// Seconds after log in during which a session is fresh.
    pub fresh_seconds: u32,
}

impl ClassRule {
    /// Needs no more than what the cookie holds, if [`Self::is_certain`].
    pub(crate) fn class(&self, opened: Option<&OpenSession>, now: Timestamp) -> Class {
        match opened {
            Some(opened) if self.has_user(opened.session()) => {
                let age = now.millis_since(opened.lineage().created());
                if age < i64::from(self.fresh_seconds) * 1000 {
                    Class::Fresh
                } else {
                    Class::Known
                }
            }
            _ => Class::Anonymous,
        }
    }

    /// Of a session whose beginning nobody knows: never fresh.
    pub(crate) fn known(&self, session: Option<&SessionData>) -> Class {
        if session.is_some_and(|session| self.has_user(session)) {
            Class::Known
        } else {
            Class::Anonymous
        }
    }

    /// Whether the keys in the cookie decide. The user key is `critical`, so it is among them
    /// whenever there is one, but for a session whose critical keys alone outgrow a cookie.
    pub(crate) fn is_certain(&self, opened: &OpenSession) -> bool {
        opened.ticket().is_none() || self.has_user(opened.session())
    }

    /// Whether both are the same visitor's: at log in it changes who the user is, and what was
    /// anonymous before begins a new life.
    pub(crate) fn is_same_user(&self, before: &SessionData, after: &SessionData) -> bool {
        before.raw(&self.user_key) == after.raw(&self.user_key)
    }

    /// The user as text, whether the application wrote a text or a number.
    pub(crate) fn user(&self, session: &SessionData) -> Option<String> {
        match session.value::<serde_json::Value>(&self.user_key).ok()?? {
            serde_json::Value::String(user) => Some(user),
            serde_json::Value::Number(user) => Some(user.to_string()),
            _ => None,
        }
    }

    /// Whether somebody is logged in.
    pub(crate) fn has_user(&self, session: &SessionData) -> bool {
        let user = session.raw(&self.user_key);
        user.is_some_and(|user| !matches!(user, "null" | "\"\"" | "false"))
    }
}

impl Class {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Known => "known",
            Self::Fresh => "fresh",
        }
    }
}

#[cfg(test)]
mod tests {
    use session_codec::{
        Codec, Config, Issue, KeyRing, Keys, Secret, Session, Workspace, cookie::Lifetime,
    };

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn class(json: &str, age_seconds: i64) -> Class {
        let sealing = KeyRing::new(Secret::from_bytes([7; 32]), vec![]).unwrap();
        let keys = Keys::sealing(sealing);
        let codec = Codec::new(Config::default(), &keys).unwrap();
        let created = Timestamp::from_seconds(NOW.seconds() - age_seconds);
        let (rng, workspace) = (&mut getrandom::SysRng, &mut Workspace::new());
        let session = SessionData::from_json(json).unwrap();
        let session = Session::new(created).with_data(session);
        let issue = Issue::new(NOW, Lifetime::BrowserSession);
        let commit = codec.seal(&session, issue, rng, workspace).unwrap();
        let line = commit.set_cookie.into_string();
        let value = line.split(['=', ';']).nth(1).unwrap();
        let opened = codec.open_value(value.as_bytes(), NOW, workspace).unwrap();
        let rule = ClassRule {
            user_key: "user".to_owned(),
            fresh_seconds: 900,
        };
        assert!(rule.is_certain(&opened));
        rule.class(Some(&opened), NOW)
    }

    #[test]
    fn a_user_is_fresh_for_as_long_as_configured() {
        for (age, expected) in [
            (0, Class::Fresh),
            (899, Class::Fresh),
            (900, Class::Known),
            (901, Class::Known),
            (-10, Class::Fresh),
        ] {
            assert_eq!(class(r#"{"user":"7"}"#, age), expected, "{age} s");
        }
    }

    #[test]
    fn nobody_is_anonymous() {
        for json in [
            "{}",
            r#"{"cart":1}"#,
            r#"{"user":null}"#,
            r#"{"user":""}"#,
            r#"{"user":false}"#,
        ] {
            assert_eq!(class(json, 0), Class::Anonymous, "{json}");
        }
        let rule = ClassRule {
            user_key: "user".to_owned(),
            fresh_seconds: 900,
        };
        assert_eq!(rule.class(None, NOW), Class::Anonymous);
    }
}
