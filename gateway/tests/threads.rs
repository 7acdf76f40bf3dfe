//! The gateway on a machine of one's own, with threads: nothing here is a platform's. A site logs a
//! visitor in, is told of the session, and ends it.
#![allow(clippy::unwrap_used)]

extern crate alloc;

use alloc::sync::Arc;
use core::time::Duration;
use std::thread;

use session_codec::{
    Codec, Config, DjangoSecret, KeyRing, Keys, Secret, Timestamp,
    cookie::{CookieName, CookieProfile, CookieProfileConfig},
    signing::{COOKIE_SALT, Signer},
};
use session_gateway::{
    Access, ClassRule, Concluded, Decision, Edit, Gateway, KeyPatterns, Location, Outcome,
    Platform, REQUEST_FIELDS, RESPONSE_FIELDS, RequestHead, ResponseHead, Site,
    device::PublicKey,
    routes::{Mode, Routes},
    rows::{Replaced, Rows, SessionKey},
    site::{Columns, Origin, Protocol, Revocation},
};
use session_store::{MemoryStore, StoreError};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const OURS: &str = "__Host-session";
const SITES: &str = "sessionid";

#[derive(Clone)]
struct Machine {
    store: Arc<MemoryStore>,
}

/// The site keeps no sessions itself.
struct NoRows;

impl Rows for NoRows {
    async fn find(&self, _: &SessionKey, _: Timestamp) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    async fn replace(
        &self,
        _: &SessionKey,
        _: &str,
        _: &str,
        _: Timestamp,
    ) -> Result<Replaced, StoreError> {
        Ok(Replaced::Gone)
    }

    async fn delete(&self, _: &SessionKey, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Platform for Machine {
    type Store = MemoryStore;
    type DataCentre = ();
    type Rows = NoRows;

    fn store(&self) -> Result<Option<Arc<MemoryStore>>, StoreError> {
        Ok(Some(Arc::clone(&self.store)))
    }

    fn rows(&self) -> Result<Arc<NoRows>, StoreError> {
        Ok(Arc::new(NoRows))
    }

    fn data_centre(&self) {}

    async fn pause(&self, _: Duration) {}

    async fn is_signed(&self, _: &PublicKey, _: &[u8], _: &[u8; 64]) -> Option<bool> {
        None
    }

    async fn origin_is_up(&self) -> bool {
        true
    }
}

fn django() -> KeyRing<DjangoSecret> {
    let secret = DjangoSecret::new_allowing_weak("the secret of a site").unwrap();
    KeyRing::new(secret, vec![]).unwrap()
}

fn site() -> Site {
    let keys = Keys::sealing(KeyRing::new(Secret::from_bytes([7; 32]), vec![]).unwrap());
    let config = Config {
        identify: true,
        ..Config::default()
    };
    let name = CookieName::new(SITES).unwrap();
    let plain = CookieProfileConfig {
        name: SITES.to_owned(),
        ..CookieProfileConfig::default()
    };
    Site {
        codec: Codec::new(config, &keys.django(django())).unwrap(),
        origin: Origin::new("https://origin.example").unwrap(),
        protocol: Protocol::Transcode,
        origin_cookie: Some(name),
        plain_profile: CookieProfile::new(plain).unwrap(),
        further_removals: vec![],
        lost_profile: None,
        access: Access {
            token: None,
            visible: KeyPatterns::default(),
            writable: KeyPatterns::default(),
        },
        class_rule: ClassRule {
            user_key: "_auth_user_id".to_owned(),
            fresh_seconds: 900,
        },
        routes: Routes::new([("/account/".to_owned(), Mode::Required)].into()).unwrap(),
        login_url: None,
        columns: Columns::default(),
        debug_header: false,
        revocation: Revocation::Always,
        revocation_seconds: 0,
        device: None,
        touch_millis: None,
        begins_traces: false,
        cookie_age: 1_209_600,
        date: |_| None,
    }
}

fn request<'r>(path: &str, cookies: Option<&'r str>) -> RequestHead<'r> {
    let mut fields = [None; REQUEST_FIELDS.len()];
    let cookie = REQUEST_FIELDS.iter().position(|name| *name == "cookie");
    fields[cookie.unwrap()] = cookies;
    RequestHead {
        method: "GET",
        location: Location {
            scheme: "https".to_owned(),
            host: "shop.example".to_owned(),
            path: path.to_owned(),
            query: String::new(),
        },
        client: Some("203.0.113.9"),
        has_body: false,
        names: cookies.map_or("", |_| "cookie"),
        fields,
    }
}

/// One visit: what the site is sent as its cookie, and what the browser gets as its own. `None`: the
/// site is not asked.
async fn visit(
    site: Arc<Site>,
    machine: Machine,
    path: &'static str,
    cookie: Option<String>,
    sets: Option<String>,
) -> Option<(Option<String>, Option<String>)> {
    let head = request(path, cookie.as_deref());
    let gateway = Gateway::new(site, machine, &head, NOW);
    let Decision::Forward(forward, exchange) = gateway.decide(&head).await else {
        return None;
    };
    let sent = forward.edits.into_iter().find_map(|edit| match edit {
        Edit::Set(name, value) if name == "cookie" => Some(value),
        _ => None,
    });
    let response = ResponseHead {
        status: 200,
        names: "",
        fields: [None; RESPONSE_FIELDS.len()],
        set_cookies: sets.as_deref().into_iter().collect(),
    };
    let Concluded {
        outcome,
        afterwards,
    } = exchange.conclude(Ok(response)).await;
    if let Some(afterwards) = afterwards {
        afterwards.run().await;
    }
    let Outcome::Edited(edits) = outcome else {
        return Some((sent, None));
    };
    let given = edits.into_iter().find_map(|edit| match edit {
        Edit::Append(name, line) if name == "set-cookie" && line.starts_with(OURS) => Some(line),
        _ => None,
    });
    Some((sent, given))
}

fn is_send<T: Send>(work: T) -> T {
    work
}

#[test]
fn a_session_begins_is_told_and_ends_on_whichever_thread() {
    let site = Arc::new(site());
    let machine = Machine {
        store: Arc::new(MemoryStore::new()),
    };
    let on_a_thread = |path, cookie: Option<&str>, sets: Option<String>| {
        let cookie = cookie.map(str::to_owned);
        let work = is_send(visit(
            Arc::clone(&site),
            machine.clone(),
            path,
            cookie,
            sets,
        ));
        thread::spawn(|| pollster::block_on(work)).join().unwrap()
    };
    assert!(on_a_thread("/account/", None, None).is_none());

    let session = r#"{"_auth_user_id":"7","cart":["tea"]}"#;
    let signed = Signer::new(COOKIE_SALT, &django()).dumps(session, NOW, &mut Default::default());
    let login = format!("{SITES}={}; Path=/; HttpOnly", signed.unwrap());
    let (sent, given) = on_a_thread("/", None, Some(login)).unwrap();
    assert_eq!(sent, None);
    let line = given.unwrap();
    let cookie = line.split(';').next().unwrap();

    let (sent, given) = on_a_thread("/account/", Some(cookie), None).unwrap();
    let value = sent.unwrap();
    let value = value.strip_prefix("sessionid=").unwrap();
    let read = Signer::new(COOKIE_SALT, &django());
    let read = read.loads(
        value.as_bytes(),
        None,
        NOW,
        &Default::default(),
        &mut Default::default(),
    );
    assert_eq!(*read.unwrap().value, *session);
    assert_eq!(given, None);

    let logout = format!("{SITES}=; Path=/; Max-Age=0");
    let (_, removal) = on_a_thread("/", Some(cookie), Some(logout)).unwrap();
    assert!(removal.unwrap().contains("Max-Age=0"));
    assert!(on_a_thread("/account/", Some(cookie), None).is_none());
}

#[test]
fn a_log_in_ends_the_session_from_before() {
    let site = Arc::new(site());
    let machine = Machine {
        store: Arc::new(MemoryStore::new()),
    };
    let asks = |path, cookie: Option<&str>, session: Option<&str>| {
        let sets = session.map(|session| {
            let signer = Signer::new(COOKIE_SALT, &django());
            let signed = signer.dumps(session, NOW, &mut Default::default());
            format!("{SITES}={}; Path=/; HttpOnly", signed.unwrap())
        });
        let cookie = cookie.map(str::to_owned);
        let work = visit(Arc::clone(&site), machine.clone(), path, cookie, sets);
        pollster::block_on(work).map(|(_, given)| {
            let line = given.unwrap_or_default();
            line.split(';').next().unwrap().to_owned()
        })
    };
    let stranger = asks("/", None, Some(r#"{"cart":["tea"]}"#)).unwrap();
    assert!(asks("/account/", Some(&stranger), None).is_some());
    let session = r#"{"_auth_user_id":"7","cart":["tea"]}"#;
    let user = asks("/", Some(&stranger), Some(session)).unwrap();
    assert!(asks("/account/", Some(&stranger), None).is_none());
    assert!(asks("/account/", Some(&user), None).is_some());
}
