//! Settings: vars and secrets become a ready object once, or a list of everything wrong.

mod acceptance;
mod access;
mod codec;
mod cookies;
mod dictionary;
mod field;
mod keys;
mod names;
mod problem;
mod protocol;
mod revocation;
mod rules;
mod site;
mod stores;
mod value;
mod warnings;

use session_codec::{
    Codec, Config, Envelope, KeyId, KeyRing, Keys, Timestamp,
    config::Acceptance,
    cookie::{CookieName, CookieProfile},
    policy::KeyOverflow,
};
use session_store::Policy;

use crate::{
    class::ClassRule,
    routes::{Mode, Routes},
    store::OriginAddress,
};
pub(crate) use access::Access;
use field::Fields;
pub(crate) use problem::Problem;
pub(crate) use protocol::Protocol;
use protocol::Spoken;
pub(crate) use revocation::Revocation;
pub(crate) use stores::{Columns, StoreChoice, Tier};
use value::{boolean, positive, seconds};

/// Everything a request needs, validated.
pub(crate) struct Settings {
    pub(crate) codec: Codec,
    /// Scheme, host and port, without a slash at the end.
    pub(crate) origin: String,
    pub(crate) protocol: Protocol,
    /// The cookie in which an origin that speaks Django says what its session is.
    pub(crate) origin_cookie: Option<CookieName>,
    /// Removes a plain cookie of the origin from a browser that still has one.
    pub(crate) plain_profile: CookieProfile,
    /// `Set-Cookie` lines for further scopes, sent when a session ends or two are in conflict.
    pub(crate) further_removals: Vec<String>,
    /// The cookie that says which session a browser was told is lost; `None`: its name would be
    /// too long.
    pub(crate) lost_profile: Option<CookieProfile>,
    pub(crate) access: Access,
    pub(crate) class_rule: ClassRule,
    pub(crate) routes: Routes,
    /// Where a page without its session is sent; without it the answer is 401.
    pub(crate) login_url: Option<String>,
    pub(crate) store: StoreChoice,
    /// How two stores share the work.
    pub(crate) store_policy: Policy,
    pub(crate) columns: Columns,
    /// Where the origin keeps records, if it does.
    pub(crate) origin_store: Option<OriginAddress>,
    /// Whether answers say where keys went.
    pub(crate) debug_header: bool,
    /// Ids of the sealing keys, the primary first, and when they end.
    pub(crate) key_ids: Vec<(KeyId, Option<Timestamp>)>,
    pub(crate) revocation: Revocation,
    /// For how long it is believed that a session is in force; 0: it is asked each time.
    pub(crate) revocation_seconds: u32,
    /// Age from which a cookie is issued anew, in milliseconds, so that the idle limit counts
    /// from the last visit; `None`: it counts from the last change, as with Django.
    pub(crate) touch_millis: Option<i64>,
    /// Seconds a cookie lives where the session itself does not say: Django's `SESSION_COOKIE_AGE`.
    pub(crate) cookie_age: u32,
    /// `Domain` of our cookie, if it has one.
    pub(crate) cookie_domain: Option<String>,
    /// The envelope that is written.
    pub(crate) writes: Envelope,
    /// Those that are read, and until when.
    pub(crate) accepted: Vec<Acceptance>,
    /// What is right by itself and hardly works as meant.
    pub(crate) warnings: Vec<Problem>,
}

impl Settings {
    /// Reads all settings, so that an operator sees every problem at once. `names` are those of all
    /// bindings, so that one that nobody reads is seen, too.
    pub(crate) fn read(
        binding: impl Fn(&str) -> Option<String>,
        names: &[String],
        has_store: impl Fn(Tier) -> bool,
        date: impl Fn(&str) -> Option<Timestamp>,
    ) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::new(&binding);
        let own_name = fields.parsed("SESSION_COOKIE", "__Host-sessionid", codec::name);
        let origin_name = fields.parsed("ORIGIN_COOKIE", "sessionid", codec::name);
        let audience = fields.parsed("SESSION_AUDIENCE", "default", |text| Ok(text.to_owned()));
        let own_profile = cookies::own(&mut fields, own_name.as_ref());
        let cookie_domain = own_profile.as_ref().and_then(|own| own.domain.clone());
        let plain_profile = cookies::plain_removal(&mut fields, origin_name.as_ref());
        let lost_profile = own_profile.as_ref().map(cookies::lost);
        let further_removals = cookies::further_removals(&mut fields, own_name.as_ref());
        let budget = fields.parsed("SESSION_BUDGET", "4093", codec::budget);
        let idle = fields.parsed("SESSION_IDLE_SECONDS", "1209600", positive);
        let absolute = fields.parsed("SESSION_ABSOLUTE_SECONDS", "2592000", positive);
        let stale = fields.parsed("SESSION_STALE_SECONDS", "600", seconds);
        let routes = fields.parsed("SESSION_ROUTES", r#"{"/": "optional"}"#, site::routes);
        let user_key = fields.parsed("SESSION_USER_KEY", "_auth_user_id", rules::user_key);
        let fresh = fields.parsed("SESSION_FRESH_SECONDS", "900", positive);
        let access = Access::read(&mut fields, user_key.as_deref());
        let rules = fields.parsed("SESSION_RULES", "[]", rules::rules);
        let dictionary = fields.parsed("SESSION_DICTIONARY", "{}", dictionary::read);
        let debug_header = fields.parsed("SESSION_DEBUG_HEADER", "false", boolean);
        let priorities = fields.parsed("SESSION_PRIORITIES", "{}", |text| {
            rules::priorities(text, user_key.as_deref())
        });
        let store = fields.parsed("SESSION_STORE", "kv", StoreChoice::read);
        let store_policy = stores::policy(&mut fields);
        let columns = fields.parsed("SESSION_COLUMNS", "[]", stores::columns);
        let login_url = fields.optional("SESSION_LOGIN_URL", site::login_url);
        let origin = fields.required("ORIGIN_URL", site::origin);
        let spoken = Spoken::read(&mut fields);
        let rows_only = spoken == Some(Spoken::Rows);
        let sealing_keys = |text: &str| keys::sealing_keys(text, &date);
        let sealing = match rows_only {
            // Nothing is sealed.
            true => fields.optional("SESSION_KEYS", sealing_keys),
            false => fields.required("SESSION_KEYS", sealing_keys).map(Some),
        };
        let sealing_ring = sealing.as_ref().and_then(Option::as_ref);
        let origin_store = stores::origin(&mut fields, store, sealing_ring);
        let write = fields.parsed("SESSION_WRITE", "sealed", acceptance::envelope);
        let accept = fields.parsed("SESSION_ACCEPT", acceptance::usual(spoken), |text| {
            acceptance::acceptances(text, &date)
        });
        let touch = fields.optional("SESSION_TOUCH_SECONDS", positive);
        let revocation = fields.optional("SESSION_REVOCATION", Revocation::read);
        let revocation_seconds = fields.parsed("SESSION_REVOCATION_SECONDS", "60", seconds);
        let django = keys::django(&mut fields, spoken);
        if rows_only && !store.is_some_and(StoreChoice::has_rows) {
            fields.problem(
                "SESSION_STORE",
                r#"neither "d1" nor "origin", where SESSION_PROTOCOL = "rows" finds sessions"#,
            );
        }
        for tier in store.into_iter().flat_map(StoreChoice::tiers) {
            if !has_store(tier) {
                let store = tier.label();
                fields.problem(
                    tier.binding(),
                    format!("the binding is missing (SESSION_STORE wants {store:?})"),
                );
            }
        }
        let revocation = revocation::chosen(&mut fields, store, revocation, rows_only);
        let django_ring = django.and_then(|keys| keys::django_ring(&mut fields, keys));
        let ring = django_ring.as_ref().and_then(Option::as_ref);
        let protocol = Protocol::read(&mut fields, spoken, sealing_ring, ring);
        let origin_name = match spoken {
            Some(Spoken::Headers) => origin_name.map(|_| None),
            _ => origin_name.map(Some),
        };
        let key_ids = sealing.as_ref().map(|ring| {
            let keys = ring.iter().flat_map(KeyRing::iter);
            keys.map(|key| (key.key_id(), key.not_after())).collect()
        });
        let spills_nowhere = rules.as_ref().is_some_and(|rules| {
            let mut overflows = rules.iter().map(|rule| rule.overflow);
            store == Some(StoreChoice::None) && overflows.any(|to| to == Some(KeyOverflow::Spill))
        });
        if spills_nowhere {
            fields.problem(
                "SESSION_RULES",
                "a rule spills, and SESSION_STORE is \"none\"",
            );
        }
        let codec = (|| {
            let (write_dictionary, dictionaries) = dictionary?;
            let config = codec::config(
                own_profile?,
                origin_name.as_ref()?.as_ref(),
                audience?,
                store?,
            );
            let config = Config {
                budget: budget?,
                idle_seconds: idle?,
                absolute_seconds: absolute?,
                stale_seconds: stale?,
                rules: priorities?.into_iter().chain(rules?).collect(),
                write_dictionary,
                dictionaries,
                write: write?,
                accept: accept.clone()?,
                identify: revocation? > Revocation::None,
                ..config
            };
            let keys = Keys {
                sealing: sealing?,
                django: django_ring?,
            };
            let config = match rows_only {
                true => codec::without_sessions(config),
                false => config,
            };
            Codec::new(config, &keys)
                .map_err(|error| fields.problem(codec::setting_of(&error), error))
                .ok()
        })();
        let settings = (|| {
            Some(Self {
                codec: codec?,
                origin: origin?,
                protocol: protocol?,
                origin_cookie: origin_name?,
                plain_profile: plain_profile?,
                further_removals: further_removals?,
                lost_profile: lost_profile?,
                access: access?,
                class_rule: ClassRule {
                    user_key: user_key?,
                    fresh_seconds: fresh?,
                },
                routes: routes?,
                login_url: login_url?,
                store: store?,
                store_policy: store_policy?,
                columns: columns?,
                origin_store: origin_store?,
                debug_header: debug_header?,
                key_ids: key_ids?,
                revocation: revocation?,
                revocation_seconds: revocation_seconds?,
                touch_millis: touch?.map(|seconds| i64::from(seconds) * 1000),
                cookie_age: idle?,
                cookie_domain,
                writes: write?,
                accepted: accept?,
                warnings: Vec::new(),
            })
        })();
        let asked = fields.asked().to_vec();
        let settings = settings.map(|settings| Self {
            warnings: warnings::of(&settings, &mut fields, names),
            ..settings
        });
        // A setting may seem to be missing because its name is misspelled.
        fields.finish(settings).map_err(|mut problems| {
            problems.extend(names::without_effect(names, &asked));
            problems
        })
    }

    /// The path of the login page, without its query.
    pub(crate) fn login_path(&self) -> Option<&str> {
        let login = self.login_url.as_deref()?;
        login.split(['?', '#']).next()
    }

    /// What happens with the session at a path. The login page is served to those who have none, or
    /// nobody could ever log in.
    pub(crate) fn mode(&self, path: &str) -> Mode {
        match self.routes.mode(path) {
            Mode::Required if self.login_path() == Some(path) => Mode::Optional,
            mode => mode,
        }
    }
}

#[cfg(test)]
mod tests;
