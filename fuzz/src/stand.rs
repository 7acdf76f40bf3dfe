use rand::{SeedableRng as _, rngs::StdRng};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, OpenSession, Secret, Session,
    SessionData, StoreOp, Workspace,
    config::{Acceptance, Overflow},
    cookie::{CookieProfileConfig, Lifetime},
    policy::Limits,
    signing::{COOKIE_SALT, Signer},
};

use crate::NOW;

/// Whether this build verifies anything; if not, every tag and signature counts as right.
pub const VERIFIES: bool = cfg!(not(edge_session_fuzzing_unverified));

/// Signs here and in the Python process.
pub const DJANGO_KEY: &str = "the key of the fuzz targets";

/// One codec, and what it needs to be used.
pub struct Stand {
    pub codec: Codec,
    pub signer: Signer,
    pub workspace: Workspace,
    rng: StdRng,
}

impl Stand {
    /// Writes and reads sealed cookies of any age, and spills.
    pub fn sealed() -> Self {
        Self::of(Envelope::Sealed)
    }

    /// The same with Django's.
    pub fn django() -> Self {
        Self::of(Envelope::Django)
    }

    fn of(envelope: Envelope) -> Self {
        let config = Config {
            cookie: CookieProfileConfig {
                name: "__Host-s".into(),
                ..CookieProfileConfig::default()
            },
            write: envelope,
            accept: vec![Acceptance::always(envelope)],
            // An eighth of the usual ones: a run that inflates to a limit is no slower than others.
            limits: Limits {
                cookie_bytes: 8 << 10,
                record_bytes: 128 << 10,
                ..Limits::default()
            },
            idle_seconds: u32::MAX,
            absolute_seconds: u32::MAX,
            identify: true,
            overflow: Overflow::Spill,
            ..Config::default()
        };
        Self {
            codec: Codec::new(config, &keys()).expect("the configuration is good"),
            signer: Signer::new(COOKIE_SALT, &django_ring()),
            workspace: Workspace::new(),
            rng: StdRng::seed_from_u64(1),
        }
    }

    /// The cookie's value, and its record if there is one. `None` if it was refused.
    pub fn seal(&mut self, session: &Session) -> Option<(String, Option<Vec<u8>>)> {
        let (rng, workspace) = (&mut self.rng, &mut self.workspace);
        let issue = Issue::new(NOW, Lifetime::BrowserSession);
        let commit = self.codec.seal(session, issue, rng, workspace).ok()?;
        let record = commit.store_ops.into_iter().find_map(|op| match op {
            StoreOp::Put { record, .. } => Some(record),
            _ => None,
        });
        Some((commit.set_cookie.value().to_owned(), record))
    }

    /// A session that goes partly into a record, sealed.
    pub fn spilled(&mut self) -> (String, Vec<u8>) {
        let mut session = Session::new(NOW);
        let digits = "3141592653589793238462643383279502884197";
        session
            .insert("user", &42)
            .expect("a number has a JSON form");
        // Deflate finds hardly anything in base64 of counted squares.
        let long: String = (0..1_000_u32)
            .map(|n| format!("{:x}", n.wrapping_mul(n).wrapping_mul(2_654_435_761)))
            .collect();
        session
            .insert("long", &long)
            .expect("a text has a JSON form");
        session
            .insert("short", digits)
            .expect("a text has a JSON form");
        let (value, record) = self.seal(&session).expect("it can be sealed");
        (value, record.expect("it does not fit into a cookie"))
    }

    /// What opened is within its limit, and is the same when it is sealed and opened again.
    pub fn check(&mut self, opened: OpenSession, limit: usize) {
        let json = opened.session().to_json();
        // A key of one byte, such as DEL, is spelled with six.
        assert!(json.len() <= 6 * limit, "{} bytes of JSON", json.len());
        let session = opened.into_session();
        let Some((value, record)) = self.seal(&session) else {
            return;
        };
        let again = self
            .codec
            .open_value(value.as_bytes(), NOW, &mut self.workspace);
        let mut again = again.expect("what was sealed opens");
        if let Some(record) = record {
            let merged = self
                .codec
                .open_record(&mut again, &record, &mut self.workspace);
            merged.expect("what was spilled is found");
        }
        assert_eq!(canonical(again.session()), canonical(&session));
    }
}

/// Keys and values in Python's spelling, which Django's envelope writes, but the reserved ones.
fn canonical(session: &SessionData) -> Vec<(String, String)> {
    let signer = Signer::new("", &django_ring());
    let spelled = |value: &str| {
        let text = signer.dumps(value, NOW, &mut Workspace::new());
        crate::json_of(&text.expect("it was read as JSON"))
    };
    let members = session.raw_members();
    let ours = members.filter(|(key, _)| !key.starts_with("_edge_"));
    ours.map(|(key, value)| (key.to_owned(), spelled(value)))
        .collect()
}

fn django_ring() -> KeyRing<DjangoSecret> {
    let secret = DjangoSecret::new_allowing_weak(DJANGO_KEY);
    KeyRing::new(secret.expect("a text is a key"), vec![]).expect("one key is a ring")
}

/// Its id is 92a191b5; the seeds are made for it.
pub fn keys() -> Keys {
    let secret = Secret::from_bytes([7; 32]);
    Keys::sealing(KeyRing::new(secret, vec![]).expect("one key is a ring")).django(django_ring())
}
