//! A site with one user, before it the gateway, and browsers that keep cookies.

use alloc::{collections::BTreeMap, sync::Arc};
use core::time::Duration;
use std::sync::Mutex;

use pollster::block_on;
use session_codec::{
    Codec, Config, DjangoSecret, KeyRing, Keys, Secret, Timestamp,
    cookie::{CookieName, CookieProfile, CookieProfileConfig},
    signing::{COOKIE_SALT, ROW_SALT, Signer},
};
use session_gateway::{
    Access, Answer, ClassRule, Concluded, Decision, DeviceFields, Edit, Gateway, KeyPatterns,
    Location, Outcome, Platform, REQUEST_FIELDS, RESPONSE_FIELDS, RequestHead, ResponseHead, Site,
    device::{Device, DeviceTokens, Enforcement, PublicKey},
    routes::{Mode, Routes},
    rows::{Replaced, Rows, SessionKey},
    site::{Columns, Origin, Protocol, Revocation, RowSigner},
};
use session_store::{Around, Call, MemoryStore, Method, SessionStore, StoreError, Wrapped};

use super::es256;

pub(crate) const BEGIN: i64 = 1_800_000_000;
pub(crate) const SITES: &str = "sessionid";
pub(crate) const OURS: &str = "__Host-sessionid";
pub(crate) const DEVICE: &str = "__Host-sessionid-device";

/// What the store was asked, and whether it is down.
#[derive(Default)]
pub(crate) struct Watched {
    pub(crate) calls: Mutex<BTreeMap<Method, usize>>,
    pub(crate) is_down: Mutex<bool>,
}

impl Around for &'static Watched {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        *self.calls.lock().unwrap().entry(call.method()).or_default() += 1;
        if *self.is_down.lock().unwrap() {
            return Err(StoreError::Unavailable {
                reason: "down".into(),
            });
        }
        call.make(store).await
    }
}

type Store = Wrapped<MemoryStore, &'static Watched>;

#[derive(Clone)]
pub(crate) struct Machine {
    store: Arc<Store>,
    rows: Arc<TheRows>,
}

#[derive(Default)]
pub(crate) struct TheRows(Mutex<BTreeMap<String, String>>);

impl Rows for TheRows {
    async fn find(&self, key: &SessionKey, _: Timestamp) -> Result<Option<String>, StoreError> {
        Ok(self.0.lock().unwrap().get(key.as_str()).cloned())
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

    async fn delete(&self, key: &SessionKey, _: Timestamp) -> Result<(), StoreError> {
        self.0.lock().unwrap().remove(key.as_str());
        Ok(())
    }
}

impl Platform for Machine {
    type Store = Store;
    type DataCentre = ();
    type Rows = TheRows;

    fn store(&self) -> Result<Option<Arc<Store>>, StoreError> {
        Ok(Some(Arc::clone(&self.store)))
    }

    fn rows(&self) -> Result<Arc<TheRows>, StoreError> {
        Ok(Arc::clone(&self.rows))
    }

    fn data_centre(&self) {}

    async fn pause(&self, _: Duration) {}

    async fn is_signed(
        &self,
        key: &PublicKey,
        signed: &[u8],
        signature: &[u8; 64],
    ) -> Option<bool> {
        Some(es256::is_signed(key.x(), key.y(), signed, signature))
    }

    async fn origin_is_up(&self) -> bool {
        true
    }
}

fn django() -> KeyRing<DjangoSecret> {
    let secret = DjangoSecret::new_allowing_weak("the secret of a site").unwrap();
    KeyRing::new(secret, vec![]).unwrap()
}

/// How a world is set up.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) enforcement: Option<Enforcement>,
    pub(crate) rows: bool,
    pub(crate) proof_seconds: Option<u32>,
    pub(crate) key: u8,
}

pub(crate) const BOUND: Setup = Setup {
    enforcement: Some(Enforcement::Bound),
    rows: false,
    proof_seconds: None,
    key: 7,
};

pub(crate) struct World {
    site: Arc<Site>,
    machine: Machine,
    pub(crate) watched: &'static Watched,
    now: Mutex<i64>,
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        let watched: &'static Watched = Box::leak(Box::default());
        let machine = Machine {
            store: Arc::new(Wrapped::new(MemoryStore::new(), watched)),
            rows: Arc::default(),
        };
        // Each world begins at a time of its own: what a process remembers, all share.
        static WORLDS: Mutex<i64> = Mutex::new(0);
        let mut worlds = WORLDS.lock().unwrap();
        *worlds += 1;
        Self {
            site: Arc::new(site(setup)),
            machine,
            watched,
            now: Mutex::new(BEGIN + *worlds * 10_000_000),
        }
    }

    /// The same stores, before which other settings stand.
    pub(crate) fn with(self, setup: Setup) -> Self {
        Self {
            site: Arc::new(site(setup)),
            ..self
        }
    }

    pub(crate) fn pass(&self, seconds: i64) {
        *self.now.lock().unwrap() += seconds;
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(*self.now.lock().unwrap())
    }

    pub(crate) fn calls(&self) -> BTreeMap<Method, usize> {
        self.watched.calls.lock().unwrap().clone()
    }

    /// The line with which the site begins a session of its user.
    fn log_in_line(&self) -> String {
        let session = r#"{"_auth_user_id":"7","cart":["tea"]}"#;
        if matches!(self.site.protocol, Protocol::Rows(_)) {
            // No two worlds have a key in common, for the same reason as their times.
            static KEYS: Mutex<u32> = Mutex::new(0);
            let mut keys = KEYS.lock().unwrap();
            *keys += 1;
            let key = format!("{:032}", *keys);
            let data = Signer::new(ROW_SALT, &django()).dumps(
                session,
                self.now(),
                &mut Default::default(),
            );
            let mut rows = self.machine.rows.0.lock().unwrap();
            rows.insert(key.clone(), data.unwrap());
            return format!("{SITES}={key}; Path=/; HttpOnly");
        }
        let signed =
            Signer::new(COOKIE_SALT, &django()).dumps(session, self.now(), &mut Default::default());
        format!("{SITES}={}; Path=/; HttpOnly", signed.unwrap())
    }
}

fn site(setup: Setup) -> Site {
    let ring = KeyRing::new(Secret::from_bytes([setup.key; 32]), vec![]).unwrap();
    let device = |enforcement| {
        let config = CookieProfileConfig {
            name: DEVICE.to_owned(),
            ..CookieProfileConfig::default()
        };
        Device {
            enforcement,
            tokens: DeviceTokens::new(&ring, DEVICE, "default").unwrap(),
            profile: CookieProfile::new(config).unwrap(),
            seconds: 600,
            proof_seconds: setup.proof_seconds,
            initiators: vec![],
        }
    };
    let device = setup.enforcement.map(device);
    let config = Config {
        identify: true,
        cookie: CookieProfileConfig {
            name: OURS.to_owned(),
            ..CookieProfileConfig::default()
        },
        ..Config::default()
    };
    let plain = CookieProfileConfig {
        name: SITES.to_owned(),
        ..CookieProfileConfig::default()
    };
    let modes = [
        ("/account/".to_owned(), Mode::Required),
        ("/admin/".to_owned(), Mode::Device),
        ("/static/".to_owned(), Mode::Public),
    ];
    let signer = RowSigner::new(&django());
    Site {
        begins_traces: false,
        codec: Codec::new(config, &Keys::sealing(ring).django(django())).unwrap(),
        origin: Origin::new("https://origin.example").unwrap(),
        protocol: if setup.rows {
            Protocol::Rows(signer)
        } else {
            Protocol::Transcode
        },
        origin_cookie: Some(CookieName::new(SITES).unwrap()),
        plain_profile: CookieProfile::new(plain).unwrap(),
        further_removals: vec![],
        lost_profile: None,
        access: Access {
            token: None,
            visible: KeyPatterns::new(vec!["cart".to_owned()]).unwrap(),
            writable: KeyPatterns::default(),
        },
        class_rule: ClassRule {
            user_key: "_auth_user_id".to_owned(),
            fresh_seconds: 900,
        },
        routes: Routes::new(modes.into()).unwrap(),
        login_url: Some("/login/".to_owned()),
        columns: Columns::default(),
        debug_header: false,
        revocation: if setup.rows {
            Revocation::None
        } else {
            Revocation::Always
        },
        revocation_seconds: 0,
        device,
        touch_millis: None,
        cookie_age: 1_209_600,
        date: |_| None,
    }
}

/// A browser, or whoever has copies of its cookies.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What one request came to.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// 0: the site was asked.
    pub(crate) status: u16,
    /// The cookies that the site was sent.
    pub(crate) sites_cookies: Option<String>,
    /// What the site was told of the device.
    pub(crate) device: Option<String>,
    /// The header fields of the answer, as they were added.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter().filter(|(known, _)| known == name);
        fields.next().map(|(_, value)| value.as_str())
    }

    /// Whether the site was asked, as by its user.
    pub(crate) fn is_users(&self) -> bool {
        self.status == 0 && self.sites_cookies.is_some()
    }

    /// What the browser is asked to sign, of a registration or of a challenge.
    pub(crate) fn challenge(&self) -> Option<&str> {
        let text = match self.field("secure-session-registration") {
            Some(offer) => offer.split("challenge=\"").nth(1)?,
            None => self.field("secure-session-challenge")?.strip_prefix('"')?,
        };
        text.split('"').next()
    }
}

/// A request: what is asked, and how.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) site: &'a str,
    pub(crate) names: &'a str,
    pub(crate) accept: &'a str,
    /// The line that the site answers with.
    pub(crate) line: Option<&'a str>,
}

pub(crate) const PAGE: Ask<'_> = Ask {
    method: "GET",
    path: "/",
    site: "same-origin",
    names: "cookie",
    accept: "text/html",
    line: None,
};

impl Browser {
    fn header(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn head<'r>(cookies: &'r str, ask: &Ask<'r>) -> RequestHead<'r> {
        let mut fields = [None; REQUEST_FIELDS.len()];
        for (name, value) in [
            ("cookie", cookies),
            ("accept", ask.accept),
            ("sec-fetch-site", ask.site),
        ] {
            let at = REQUEST_FIELDS.iter().position(|known| *known == name);
            fields[at.unwrap()] = (!value.is_empty()).then_some(value);
        }
        RequestHead {
            method: ask.method,
            location: Location {
                scheme: "https".to_owned(),
                host: "shop.example".to_owned(),
                path: ask.path.to_owned(),
                query: String::new(),
            },
            client: Some("203.0.113.9"),
            has_body: false,
            names: ask.names,
            fields,
        }
    }

    fn take(&mut self, fields: &[(String, String)]) {
        for (_, line) in fields.iter().filter(|(name, _)| name == "set-cookie") {
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0;") || attributes.ends_with("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(crate) fn ask(&mut self, world: &World, ask: Ask<'_>) -> Seen {
        let cookies = self.header();
        let head = Self::head(&cookies, &ask);
        let (site, now) = (Arc::clone(&world.site), world.now());
        let gateway = Gateway::new(site, world.machine.clone(), &head, now);
        let seen = match block_on(gateway.decide(&head)) {
            Decision::Answer(answer) => of_answer(answer),
            Decision::Own(_) => panic!("{} is the gateway's own", ask.path),
            Decision::Forward(forward, exchange) => {
                let mut seen = Seen::default();
                for edit in forward.edits {
                    match edit {
                        Edit::Set(name, value) if name == "cookie" => {
                            seen.sites_cookies = Some(value);
                        }
                        Edit::Set(name, value) if name == "x-session-device" => {
                            seen.device = Some(value);
                        }
                        _ => {}
                    }
                }
                let response = ResponseHead {
                    status: 200,
                    names: "",
                    fields: [None; RESPONSE_FIELDS.len()],
                    set_cookies: ask.line.into_iter().collect(),
                };
                let Concluded {
                    outcome,
                    afterwards,
                } = block_on(exchange.conclude(Ok(response)));
                if let Some(afterwards) = afterwards {
                    block_on(afterwards.run());
                }
                match outcome {
                    Outcome::Answer(answer) => return of_answer(answer),
                    Outcome::AsItIs => seen.fields.extend(lines(ask.line)),
                    Outcome::Edited(edits) => {
                        let is_removed = edits
                            .iter()
                            .any(|edit| matches!(edit, Edit::Remove(name) if name == "set-cookie"));
                        seen.fields.extend(lines(ask.line.filter(|_| !is_removed)));
                        seen.fields
                            .extend(edits.into_iter().filter_map(|edit| match edit {
                                Edit::Set(name, value) | Edit::Append(name, value) => {
                                    Some((name.into_owned(), value))
                                }
                                Edit::Remove(_) => None,
                            }));
                    }
                }
                seen
            }
        };
        self.take(&seen.fields);
        seen
    }

    pub(crate) fn page(&mut self, world: &World, path: &str) -> Seen {
        self.ask(world, Ask { path, ..PAGE })
    }

    pub(crate) fn log_in(&mut self, world: &World) -> Seen {
        let line = world.log_in_line();
        let seen = self.ask(
            world,
            Ask {
                method: "POST",
                path: "/login/",
                line: Some(&line),
                ..PAGE
            },
        );
        assert_eq!(seen.status, 0);
        seen
    }

    pub(crate) fn log_out(&mut self, world: &World, path: &str) -> Seen {
        let line = format!("{SITES}=; Path=/; Max-Age=0");
        self.ask(
            world,
            Ask {
                method: "POST",
                path,
                line: Some(&line),
                ..PAGE
            },
        )
    }

    /// A request for one of the pages of devices.
    pub(crate) fn device(
        &mut self,
        world: &World,
        page: &str,
        identifier: Option<&str>,
        response: Option<&str>,
    ) -> Seen {
        let cookies = self.header();
        let ask = Ask {
            method: "POST",
            ..PAGE
        };
        let head = Self::head(&cookies, &ask);
        let (site, now) = (Arc::clone(&world.site), world.now());
        let gateway = Gateway::new(site, world.machine.clone(), &head, now);
        let fields = DeviceFields {
            response: response.map(str::to_owned),
            identifier: identifier.map(str::to_owned),
        };
        let seen = of_answer(block_on(gateway.answer_device(page, &head, fields)));
        self.take(&seen.fields);
        seen
    }

    /// The session API.
    pub(crate) fn api(&mut self, world: &World, method: &str) -> Seen {
        let cookies = self.header();
        let ask = Ask {
            method,
            path: "/_session",
            ..PAGE
        };
        let head = Self::head(&cookies, &ask);
        let (site, now) = (Arc::clone(&world.site), world.now());
        let gateway = Gateway::new(site, world.machine.clone(), &head, now);
        let Outcome::Answer(answer) = block_on(gateway.answer_session(&head, NoBody)).outcome
        else {
            panic!("the session API answers");
        };
        let seen = of_answer(answer);
        self.take(&seen.fields);
        seen
    }
}

struct NoBody;

impl session_gateway::Body for NoBody {
    async fn read(self, _: usize) -> Result<Vec<u8>, session_gateway::BodyError> {
        Ok(vec![])
    }
}

fn lines(line: Option<&str>) -> Vec<(String, String)> {
    let line = line.into_iter();
    line.map(|line| ("set-cookie".to_owned(), line.to_owned()))
        .collect()
}

fn of_answer(answer: Answer) -> Seen {
    let fields = answer.fields.into_iter();
    Seen {
        status: answer.status,
        fields: fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        body: answer.body,
        ..Seen::default()
    }
}
