//! Every prefix with every combination of attributes, against the rules as the drafts state them.

use alloc::string::ToString;

use crate::cookie::{
    CookiePrefix, CookiePriority, CookieProfile, CookieProfileConfig,
    CookieProfileError as Refused, Lifetime, SameSite,
};

#[test]
fn every_prefix_with_every_combination_of_attributes() {
    let (mut accepted, mut refused) = (0, 0);
    for prefix in ["", "__Secure-", "__Host-", "__Http-", "__Host-Http-"] {
        for bits in 0..2_u32.pow(5) {
            for same_site in [SameSite::Strict, SameSite::Lax, SameSite::None_] {
                let on = |bit: u32| bits & (1 << bit) != 0;
                let config = CookieProfileConfig {
                    name: [prefix, "x"].concat(),
                    same_site,
                    secure: on(0),
                    http_only: on(1),
                    path: if on(2) { "/" } else { "/app" }.into(),
                    domain: on(3).then(|| "a.example".into()),
                    partitioned: on(4),
                    priority: None,
                };
                let prefix_holds = match prefix {
                    "__Secure-" => on(0),
                    "__Host-" => on(0) && on(2) && !on(3),
                    "__Http-" => on(0) && on(1),
                    "__Host-Http-" => on(0) && on(1) && on(2) && !on(3),
                    _ => true,
                };
                let holds =
                    prefix_holds && (on(0) || same_site != SameSite::None_) && (on(0) || !on(4));
                let made = CookieProfile::new(config.clone());
                assert_eq!(made.is_ok(), holds, "{config:?}: {:?}", made.err());
                if holds {
                    accepted += 1;
                } else {
                    refused += 1;
                }
            }
        }
    }
    // Counted by hand: without a prefix 48 secure and 16 plain ones; then prefix by prefix.
    assert_eq!((accepted, refused), (64 + 48 + 12 + 24 + 6, 480 - 154));
}

#[test]
fn each_refusal_says_its_reason() {
    let base = CookieProfileConfig::default;
    let prefix = CookiePrefix::Host;
    for (config, reason, text) in [
        (
            CookieProfileConfig {
                secure: false,
                ..base()
            },
            Refused::PrefixNeedsSecure { prefix },
            "a __Host- cookie must be secure",
        ),
        (
            CookieProfileConfig {
                path: "/app".into(),
                ..base()
            },
            Refused::PrefixNeedsRootPath { prefix },
            "a __Host- cookie must have the path /",
        ),
        (
            CookieProfileConfig {
                domain: Some("a.example".into()),
                ..base()
            },
            Refused::PrefixForbidsDomain { prefix },
            "a __Host- cookie must not have a domain",
        ),
        (
            CookieProfileConfig {
                name: "__Http-x".into(),
                http_only: false,
                ..base()
            },
            Refused::PrefixNeedsHttpOnly {
                prefix: CookiePrefix::Http,
            },
            "a __Http- cookie must be http_only",
        ),
        (
            CookieProfileConfig {
                name: "x".into(),
                same_site: SameSite::None_,
                secure: false,
                ..base()
            },
            Refused::SameSiteNoneNeedsSecure,
            "a cookie with same_site none must be secure",
        ),
        (
            CookieProfileConfig {
                name: "x".into(),
                partitioned: true,
                secure: false,
                ..base()
            },
            Refused::PartitionedNeedsSecure,
            "a partitioned cookie must be secure",
        ),
        (
            CookieProfileConfig {
                path: "app".into(),
                ..base()
            },
            Refused::PathNotAbsolute,
            "the cookie path must begin with /",
        ),
        (
            CookieProfileConfig {
                path: "/a;b".into(),
                ..base()
            },
            Refused::PathByte { byte: b';' },
            "byte 0x3b is not allowed in a cookie path",
        ),
        (
            CookieProfileConfig {
                name: "x".into(),
                path: ["/", &"p".repeat(1024)].concat(),
                ..base()
            },
            Refused::PathTooLong { bytes: 1025 },
            "cookie path of 1025 bytes, browsers read 1024",
        ),
    ] {
        let error = CookieProfile::new(config).unwrap_err();
        assert_eq!(error, reason);
        assert_eq!(error.to_string(), text);
    }
    let longest = CookieProfileConfig {
        name: "x".into(),
        path: ["/", &"p".repeat(1023)].concat(),
        ..base()
    };
    assert!(CookieProfile::new(longest).is_ok());
}

#[test]
fn what_each_attribute_writes() {
    let full = CookieProfile::new(CookieProfileConfig {
        name: "__Secure-s".into(),
        same_site: SameSite::None_,
        path: "/app".into(),
        domain: Some("a.example".into()),
        partitioned: true,
        priority: Some(CookiePriority::High),
        ..CookieProfileConfig::default()
    })
    .unwrap();
    let attributes =
        "Path=/app; Domain=a.example; Secure; HttpOnly; SameSite=None; Partitioned; Priority=High";
    let set = full.set("v", Lifetime::MaxAge(60)).unwrap();
    assert_eq!(
        set.to_string(),
        ["__Secure-s=v; Max-Age=60; ", attributes].concat()
    );
    assert_eq!(
        full.remove().to_string(),
        [
            "__Secure-s=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; ",
            attributes
        ]
        .concat()
    );
    let bare = CookieProfile::new(CookieProfileConfig {
        name: "s".into(),
        secure: false,
        http_only: false,
        same_site: SameSite::Strict,
        ..CookieProfileConfig::default()
    })
    .unwrap();
    let set = bare.set("", Lifetime::BrowserSession).unwrap();
    assert_eq!(set.as_str(), "s=; Path=/; SameSite=Strict");
}
