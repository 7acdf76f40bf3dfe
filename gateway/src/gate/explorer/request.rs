//! What a request does: it reads its session, and changes or ends it.

use alloc::{rc::Rc, sync::Arc};

use session_codec::{
    Codec, Lineage, OpenSession, Repeated, RequestMark, Session, SessionData, StoreName, Workspace,
    cookie::Lifetime,
};
use session_store::{Head, RecordMeta};

use super::world::{Layers, NOW};
use crate::{
    gate::{Draft, Followed, Missing, SaveError, deletions, load, save},
    revocation::{Ask, Memory, Standing, Subject, revoke_session, standing},
};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Changes its key, and makes the session too large for its cookie.
    Grow,
    /// Changes its key, and makes the session small enough for its cookie.
    Shrink,
    /// Shows the session.
    Load,
    /// Ends it.
    End,
}

/// Which cookie a request comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The last one that was handed out before.
    Latest,
    /// The one before that.
    Older,
    /// What another request was answered; if that was none, the last one from before.
    AnswerOf(usize),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) kind: Kind,
    pub(super) source: Source,
}

/// What a request came to.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// A cookie was handed out.
    Saved {
        cookie: String,
        /// What the session is then.
        state: SessionData,
    },
    /// The session was shown.
    Read(SessionData),
    /// The end is confirmed.
    Ended,
    /// The end was asked for, and may have come or not.
    MayHaveEnded,
    /// It is said that there is no session any more, and nothing was changed.
    Revoked,
    /// Others were first too often, and nothing was changed.
    Contested,
    /// Nobody knows.
    Unavailable,
    /// The record is gone.
    Lost,
}

impl Answer {
    pub(super) fn cookie(&self) -> Option<String> {
        match self {
            Self::Saved { cookie, .. } => Some(cookie.clone()),
            _ => None,
        }
    }

    pub(super) fn describe(&self) -> String {
        let show = |state: &SessionData| {
            let key = |key: &&str| format!("{key}={:?}", state.value::<String>(key).unwrap());
            Vec::from_iter(KEYS.iter().map(key)).join(" ")
        };
        match self {
            Self::Saved { state, .. } => format!("saved {}", show(state)),
            Self::Read(state) => format!("read {}", show(state)),
            other => format!("{other:?}"),
        }
    }
}

/// What each attempt of one request is known by.
pub(super) fn mark() -> RequestMark {
    RequestMark::new("8e03978e", &[b"PATCH"])
}

/// What is left to do when a request is answered.
#[derive(Default)]
pub(super) struct Left {
    pub(super) deletions: Vec<StoreName>,
    pub(super) overtaken: Option<(Lineage, Head)>,
}

impl Left {
    fn records(deletions: Vec<StoreName>) -> Self {
        Self {
            deletions,
            overtaken: None,
        }
    }

    pub(super) const fn is_nothing(&self) -> bool {
        self.deletions.is_empty() && self.overtaken.is_none()
    }
}

/// Each request changes one.
pub(super) const KEYS: [&str; 3] = ["a", "b", "c"];
/// What makes a session large.
pub(super) const LARGE: &str = "large";

/// One request under way.
pub(super) struct Visitor {
    pub(super) codec: Rc<Codec>,
    pub(super) stores: Rc<Layers>,
    pub(super) number: usize,
    pub(super) cookie: String,
    pub(super) mark: Option<RequestMark>,
}

impl Visitor {
    /// What it comes to, and what it leaves behind.
    pub(super) async fn answer(self, kind: Kind) -> (Answer, Left) {
        // Each in an isolate of its own, which knows nothing yet.
        let memory = Memory::new(Arc::default(), (), 60);
        let found = match kind {
            Kind::End => return self.end(&memory).await,
            _ => self.read(&memory).await,
        };
        match (found, kind) {
            (Err(answer), _) => (answer, Left::default()),
            (Ok(found), Kind::Load | Kind::End) => {
                let state = found.session().data().clone();
                (Answer::Read(state), Left::default())
            }
            (Ok(found), Kind::Grow | Kind::Shrink) => self.change(&memory, &found, kind).await,
        }
    }

    pub(super) async fn read(&self, memory: &Memory<()>) -> Result<OpenSession, Answer> {
        let (codec, store) = (&*self.codec, &*self.stores);
        let mut opened = self.open();
        let subject = Subject::of(codec, &opened, None);
        let (stands, loaded) = futures_util::join!(
            standing(store, memory, &subject, Ask::Afresh, NOW),
            load(codec, store, &mut opened, NOW)
        );
        match (stands, loaded) {
            (Ok(Standing::Revoked), _) => Err(Answer::Revoked),
            (Err(_), _) | (_, Err(Missing::Unavailable(_))) => Err(Answer::Unavailable),
            (_, Err(Missing::Lost { .. })) => Err(Answer::Lost),
            (Ok(Standing::Active | Standing::Bound(_)), Ok(())) => Ok(opened),
        }
    }

    fn open(&self) -> OpenSession {
        let opened = self
            .codec
            .open_value(self.cookie.as_bytes(), NOW, &mut Workspace::new());
        opened.expect("a cookie that was handed out")
    }

    pub(super) async fn change(
        &self,
        memory: &Memory<()>,
        found: &OpenSession,
        kind: Kind,
    ) -> (Answer, Left) {
        let (codec, store) = (&*self.codec, &*self.stores);
        let mut after = found.session().data().clone();
        let key = KEYS.get(self.number).copied().unwrap_or("last");
        after.insert(key, &format!("by {}", self.number)).unwrap();
        match kind {
            Kind::Grow => after.insert(LARGE, &large(self.number)).unwrap(),
            _ => drop(after.remove(LARGE)),
        }
        let repeated = self
            .mark
            .map(|mark| found.lineage().repeated(&mark, NOW))
            .unwrap_or(Repeated::No);
        if repeated == Repeated::Yes {
            after = found.session().data().clone();
        }
        let mut session: Session = found.session().with_data(after.clone());
        if let Some(mark) = self.mark {
            session.remember(mark, NOW);
        }
        let subject = Subject::of(codec, found, None);
        let followed = Followed {
            subject: &subject,
            memory,
            must_be_known: !codec.keeps_session_id(found),
        };
        let draft = Draft {
            base: found.session().data(),
            base_issued: found.issued(),
            session: &session,
            patch: None,
            mark: self.mark,
            issued: NOW,
            lifetime: Lifetime::BrowserSession,
            about: RecordMeta::session_until(NOW),
        };
        match save(codec, Some(store), Some(&followed), draft, NOW).await {
            Ok(saved) => {
                let answer = Answer::Saved {
                    cookie: saved.commit.set_cookie.value().to_owned(),
                    state: saved.merged.unwrap_or(after),
                };
                (answer, Left::records(saved.deletions))
            }
            Err(not_saved) => {
                let answer = match not_saved.error {
                    SaveError::Ended => Answer::Revoked,
                    SaveError::Contested => Answer::Contested,
                    SaveError::Store(_) => Answer::Unavailable,
                    SaveError::Seal(_) | SaveError::KeyReused => {
                        panic!("{}", not_saved.error.label())
                    }
                };
                (answer, Left::records(not_saved.deletions))
            }
        }
    }

    async fn end(&self, memory: &Memory<()>) -> (Answer, Left) {
        let (codec, store) = (&*self.codec, &*self.stores);
        let mut opened = self.open();
        // Its record names the one before it.
        let _ = load(codec, store, &mut opened, NOW).await;
        let lineage = opened.lineage();
        let mut left = Left::records(deletions(codec.end(lineage)));
        match revoke_session(codec, store, memory, lineage, NOW).await {
            Ok(head) => {
                left.overtaken = head.map(|head| (lineage.clone(), head));
                (Answer::Ended, left)
            }
            Err(_) => (Answer::MayHaveEnded, left),
        }
    }
}

/// What deflate cannot make short, and whose it is.
pub(super) fn large(number: usize) -> String {
    let mut rng = fastrand::Rng::with_seed(number as u64 + 1);
    let text: String = (0..400).map(|_| rng.alphanumeric()).collect();
    format!("by {number}: {text}")
}
