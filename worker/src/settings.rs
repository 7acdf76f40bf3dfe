//! Settings: vars and secrets become a ready object once, or a list of everything wrong.

mod acceptance;
mod access;
mod codec;
mod cookies;
mod device;
mod dictionary;
mod field;
mod keys;
mod names;
mod problem;
mod protocol;
mod revocation;
mod rules;
mod setting;
mod site;
mod stores;
mod value;
mod warnings;
mod watching;

use alloc::sync::Arc;
use core::time::Duration;

use session_codec::{
    Codec, Config, Envelope, KeyId, KeyRing, Keys, Timestamp, config::Acceptance,
    policy::KeyOverflow,
};
use session_gateway::{
    ClassRule, Site,
    site::{Origin, Revocation},
    uses::Subject,
};
use session_store::Policy;

use crate::{
    store::OriginAddress,
    tier::{StoreChoice, Tier},
};
use field::Fields;
pub(crate) use problem::Problem;
use protocol::ProtocolName;
use setting::Setting;

/// What was set, validated: what requests are decided by, and what of the platform is used.
pub(crate) struct Settings {
    /// What requests are decided by.
    pub(crate) site: Arc<Site>,
    pub(crate) store: StoreChoice,
    /// How two stores share the work.
    pub(crate) store_policy: Policy,
    /// Where the origin keeps records, if it does.
    pub(crate) origin_store: Option<OriginAddress>,
    /// Ids of the sealing keys, the primary first, and when they end.
    pub(crate) key_ids: Vec<(KeyId, Option<Timestamp>)>,
    /// `Domain` of our cookie, if it has one.
    pub(crate) cookie_domain: Option<String>,
    /// The envelope that is written.
    pub(crate) writes: Envelope,
    /// Those that are read, and until when.
    pub(crate) accepted: Vec<Acceptance>,
    /// Whether each request is a log line.
    pub(crate) logs_requests: bool,
    /// Whether isolates hand their numbers on to be summed.
    pub(crate) sums_up: bool,
}

/// What the platform reads better than anybody: as it does so itself.
#[derive(Clone, Copy)]
pub(crate) struct Parsers {
    /// Dates: HTTP's, those of cookies, and ISO 8601.
    pub(crate) date: fn(&str) -> Option<Timestamp>,
    /// The origin of a URL.
    pub(crate) url_origin: fn(&str) -> Option<String>,
}

impl Settings {
    /// Reads all settings, so that an operator sees every problem at once. `names` gives those of
    /// all bindings, so that one that nobody reads is seen, too.
    pub(crate) fn read(
        binding: impl Fn(&str) -> Option<String>,
        names: impl FnOnce() -> Vec<String>,
        has_store: impl Fn(Tier) -> bool,
        parsers: Parsers,
    ) -> Result<Self, Vec<Problem>> {
        let Parsers { date, url_origin } = parsers;
        let mut fields = Fields::new(&binding);
        let own_name = fields.parsed(setting::SESSION_COOKIE, codec::name);
        let origin_name = fields.parsed(setting::ORIGIN_COOKIE, codec::name);
        let audience = fields.parsed(setting::SESSION_AUDIENCE, |text| Ok(text.to_owned()));
        let own_profile = cookies::own(&mut fields, own_name.as_ref());
        let cookie_domain = own_profile.as_ref().and_then(|own| own.domain.clone());
        let plain_profile = cookies::plain_removal(&mut fields, origin_name.as_ref());
        let lost_profile = own_profile.as_ref().map(cookies::lost);
        let further_removals = cookies::further_removals(&mut fields, own_name.as_ref());
        let budget = codec::budget(&mut fields);
        let idle = fields.number(&setting::SESSION_IDLE_SECONDS);
        let absolute = fields.number(&setting::SESSION_ABSOLUTE_SECONDS);
        let stale = fields.number(&setting::SESSION_STALE_SECONDS);
        let routes = fields.parsed(setting::SESSION_ROUTES, site::routes);
        let user_key = fields.parsed(setting::SESSION_USER_KEY, rules::user_key);
        let fresh = fields.number(&setting::SESSION_FRESH_SECONDS);
        let access = access::read(&mut fields, user_key.as_deref());
        let rules = fields.listed(setting::SESSION_RULES, rules::rules);
        let dictionary = fields.parsed(setting::SESSION_DICTIONARY, dictionary::read);
        let debug_header = fields.boolean(setting::SESSION_DEBUG_HEADER);
        let priorities = fields.listed(setting::SESSION_PRIORITIES, rules::priorities);
        let store = fields.choice(&setting::SESSION_STORE, StoreChoice::named);
        let store_policy = stores::policy(&mut fields);
        let columns = fields.listed(setting::SESSION_COLUMNS, stores::columns);
        let login_url = fields.optional(setting::SESSION_LOGIN_URL, site::login_url);
        let origin = fields.parsed(setting::ORIGIN_URL, |text| {
            let origin = Origin::new(text)?;
            Ok(match url_origin(text) {
                Some(spelled) => origin.spelled(spelled),
                None => origin,
            })
        });
        let spoken = ProtocolName::read(&mut fields);
        let rows_only = spoken == Some(ProtocolName::Rows);
        let sealing_keys = |text: &str| keys::sealing_keys(text, date);
        let sealing = match rows_only {
            // Nothing is sealed.
            true => fields.optional(setting::SESSION_KEYS, sealing_keys),
            false => fields.parsed(setting::SESSION_KEYS, sealing_keys).map(Some),
        };
        let sealing_ring = sealing.as_ref().and_then(Option::as_ref);
        let origin_store = stores::origin(&mut fields, store, sealing_ring);
        let write = fields.choice(&setting::SESSION_WRITE, acceptance::envelope);
        let accepts = Setting {
            default: Some(acceptance::usual(spoken)),
            ..setting::SESSION_ACCEPT
        };
        let accept = fields.parsed(accepts, |text| acceptance::acceptances(text, date));
        let touch = setting::SESSION_TOUCH_SECONDS;
        let touch = fields.optional(touch.setting, |text| touch.read(text));
        let revocation = setting::SESSION_REVOCATION;
        let revocation = fields.optional(revocation.setting, |text| {
            revocation.read(text, revocation::read)
        });
        let revocation_seconds = fields.number(&setting::SESSION_REVOCATION_SECONDS);
        let begins_traces = fields.choice(&setting::SESSION_TRACE, watching::begins_traces);
        let logs_requests = fields.choice(&setting::SESSION_LOG, watching::logs_requests);
        let sums_up = watching::sums_up(&mut fields, &has_store);
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
        let around = device::Around {
            sealing: sealing_ring,
            cookie: own_profile.as_ref(),
            audience: audience.as_deref(),
            store,
            revocation: revocation.filter(|_| !rows_only),
            writes_sealed: rows_only || write.is_none_or(|write| write == Envelope::Sealed),
            routes: routes.as_ref(),
        };
        let device = device::read(&mut fields, &around);
        let django_ring = django.and_then(|keys| keys::django_ring(&mut fields, keys));
        let ring = django_ring.as_ref().and_then(Option::as_ref);
        let protocol = protocol::read(&mut fields, spoken, sealing_ring, ring);
        let origin_name = match spoken {
            Some(ProtocolName::Headers) => origin_name.map(|_| None),
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
                rules: user_key
                    .clone()
                    .map(rules::of_user)
                    .into_iter()
                    .chain(priorities?)
                    .chain(rules?)
                    .collect(),
                write_dictionary,
                dictionaries,
                write: write?,
                accept: accept.clone()?,
                identify: revocation? > Revocation::None,
                ..config
            };
            let keys = Keys::sealing(sealing?).django(django_ring?);
            let config = if rows_only {
                codec::without_sessions(config)
            } else {
                config
            };
            Codec::new(config, &keys)
                .map_err(|error| fields.problem(codec::setting_of(&error), error))
                .ok()
        })();
        let settings = (|| {
            let columns = columns?;
            let site = Site {
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
                columns,
                debug_header: debug_header?,
                revocation: revocation?,
                revocation_seconds: revocation_seconds?,
                begins_traces: begins_traces?,
                device: device?,
                touch_millis: touch?.map(|seconds| i64::from(seconds) * 1000),
                cookie_age: idle?,
                date,
            };
            Some(Self {
                site: Arc::new(site),
                store: store?,
                store_policy: store_policy?,
                origin_store: origin_store?.map(|address| OriginAddress {
                    tells_user: columns.user,
                    ..address
                }),
                key_ids: key_ids?,
                cookie_domain,
                writes: write?,
                accepted: accept?,
                logs_requests: logs_requests?,
                sums_up: sums_up?,
            })
        })();
        for (name, cure) in setting::OWN {
            if fields
                .text(name)
                .is_some_and(|text| text.contains(setting::EXAMPLE))
            {
                fields.problem(
                    name,
                    format!("is an example's value, which everybody knows: {cure}"),
                );
            }
        }
        // A setting may seem to be missing because its name is misspelled.
        fields.finish(settings).map_err(|mut problems| {
            problems.extend(names::unknown(&names()));
            problems
        })
    }
}

impl Settings {
    /// What cookies are sealed by.
    pub(crate) fn seals(&self) -> Vec<Subject> {
        let key = self.key_ids.first().map(|(id, _)| Subject::Key(*id));
        match self.writes {
            Envelope::Sealed => key.into_iter().collect(),
            other => vec![Subject::Envelope(other.label())],
        }
    }

    /// For how many seconds a cookie lives that nobody comes with.
    pub(crate) fn cookie_seconds(&self) -> u32 {
        let lifetimes = self.site.codec.lifetimes();
        seconds(lifetimes.idle.min(lifetimes.absolute))
    }

    /// For how many seconds what a key sealed lives: cookies, and what a browser calls a session that
    /// is bound to its device, which is sealed once for as long as the session lasts.
    pub(crate) fn sealed_seconds(&self) -> u32 {
        match self.site.device {
            Some(_) => seconds(self.site.codec.lifetimes().absolute),
            None => self.cookie_seconds(),
        }
    }
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
