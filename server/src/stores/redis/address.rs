use core::str::FromStr;

use redis::cluster::ClusterClient;
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{IntoConnectionInfo, TlsMode};

use super::link::{Source, TIMEOUT};
use crate::stores::BadAddress;

/// Where Redis is, and what our keys there begin with.
pub(crate) struct Address {
    pub(crate) source: Source,
    pub(crate) prefix: Box<str>,
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (text, prefix) = match text.split_once('?') {
            Some((text, query)) => (text, prefix(query)?),
            None => (text, "edge-session:".into()),
        };
        let (scheme, place) = text.split_once("://").ok_or_else(|| {
            malformed(
                "an address of Redis is redis://host:port/0, redis-sentinel:// or redis-cluster://",
            )
        })?;
        let scheme = scheme.replacen("valkey", "redis", 1);
        let source = match &*scheme {
            "redis" | "rediss" => {
                let one = redis::Client::open(format!("{scheme}://{place}"));
                Source::One(Box::new(one.map_err(malformed)?))
            }
            "redis-cluster" | "rediss-cluster" => {
                cluster(scheme.trim_end_matches("-cluster"), place)?
            }
            "redis-sentinel" | "rediss-sentinel" => {
                sentinel(scheme.trim_end_matches("-sentinel"), place)?
            }
            _ => return Err(BadAddress::Unknown(scheme.into())),
        };
        Ok(Self { source, prefix })
    }
}

/// `prefix=shop` alone.
fn prefix(query: &str) -> Result<Box<str>, BadAddress> {
    let mut parts = form_urlencoded::parse(query.as_bytes());
    match (parts.next(), parts.next()) {
        (Some((name, prefix)), None) if name == "prefix" && !prefix.contains(['{', '}']) => {
            Ok(format!("{prefix}:").into())
        }
        _ => Err(malformed(
            "behind ? an address of Redis has prefix=…, without braces, and nothing else",
        )),
    }
}

fn cluster(scheme: &str, place: &str) -> Result<Source, BadAddress> {
    let (user, hosts) = user_and_hosts(place.trim_end_matches('/'));
    let nodes = hosts
        .split(',')
        .map(|host| format!("{scheme}://{user}{host}"));
    let client = ClusterClient::builder(nodes)
        .connection_timeout(TIMEOUT)
        .response_timeout(TIMEOUT)
        .retries(3)
        .build();
    Ok(Source::Cluster(Box::new(client.map_err(malformed)?)))
}

/// `user:password@` is the server's own; sentinels are asked without.
fn sentinel(scheme: &str, place: &str) -> Result<Source, BadAddress> {
    let (user, place) = user_and_hosts(place);
    let mut parts = place.splitn(3, '/');
    let hosts = parts.next().unwrap_or_default();
    let service = parts.next().filter(|service| !service.is_empty());
    let service = service
        .ok_or_else(|| malformed("an address of sentinels ends with the service they watch: redis-sentinel://host:26379/mymaster"))?;
    let database = parts.next().unwrap_or("0");
    let node = format!("{scheme}://{user}localhost/{database}");
    let node = node.into_connection_info().map_err(malformed)?;
    let mut of_node = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(node.redis_settings().clone());
    // A sentinel tells an address alone: how to go there is for us to say.
    if scheme == "rediss" {
        of_node = of_node.set_tls_mode(TlsMode::Secure);
    }
    let sentinels = hosts.split(',').map(|host| format!("{scheme}://{host}"));
    let client = SentinelClient::build(
        sentinels.collect(),
        service,
        Some(of_node),
        SentinelServerType::Master,
    );
    Ok(Source::Sentinel(Box::new(client.map_err(malformed)?)))
}

/// `user:password@`, if there is one, and the rest.
fn user_and_hosts(place: &str) -> (&str, &str) {
    place.split_at(place.rfind('@').map_or(0, |at| at + 1))
}

fn malformed(reason: impl ToString) -> BadAddress {
    BadAddress::Malformed(reason.to_string().into())
}
