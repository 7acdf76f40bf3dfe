//! `set_cookie.json`: the lines Django's middleware answers with, and how it reads a `Cookie` header.
//! When it answers with which line is the Worker's business, tested with a real Django.

use session_codec::{
    cookie::{
        CookieHeader, CookieName, CookieProfile, CookieProfileConfig, Lifetime, SameSite, SetCookie,
    },
    signing::COOKIE_SALT,
};
use session_tests::{Case, SET_COOKIE, Tally, cases};

use crate::{
    django::{loads, now, signer},
    platform::test,
};

fn operation(name: &str) -> impl Iterator<Item = Case> {
    let name = name.to_owned();
    cases(SET_COOKIE)
        .into_iter()
        .filter(move |case| case["op"] == *name)
}

#[test]
fn lines_that_django_sets() {
    let mut tally = Tally::default();
    for case in operation("request") {
        let lines = case.texts("set_cookie");
        if lines.is_empty() {
            tally.count("no line", case.id());
        }
        for line in lines {
            let cookie = SetCookie::read(line.as_bytes()).unwrap();
            let class = match cookie.value {
                b"" => "a removal",
                value => {
                    if case["engine"] == "signed_cookies" {
                        let value = core::str::from_utf8(value).unwrap();
                        let signer = signer(&case, COOKIE_SALT);
                        let loaded = loads(&signer, value, None, now(&case)).unwrap();
                        assert_eq!(*loaded.value, case.text("cookie_json"), "{}", case.id());
                        "a signed session, which opens"
                    } else {
                        "a session key"
                    }
                }
            };
            check_attributes(&case, line, &cookie);
            tally.count(class, case.id());
        }
    }
    tally.expect(&[
        ("a removal", 80),
        ("a session key", 89),
        ("a signed session, which opens", 105),
        ("no line", 255),
    ]);
}

/// The attributes are those of the settings.
fn check_attributes(case: &Case, line: &str, cookie: &SetCookie<'_>) {
    let setting = |name: &str| case["settings"].get(name);
    let text = |name: &str| setting(name).and_then(|value| value.as_str());
    let flag = |name: &str| setting(name).and_then(|value| value.as_bool());
    let removal = cookie.value.is_empty();

    let name = text("SESSION_COOKIE_NAME").unwrap_or("sessionid");
    assert_eq!(cookie.name, name.as_bytes(), "{line}");
    let path = match setting("SESSION_COOKIE_PATH") {
        None => Some("/"),
        Some(path) => path.as_str(),
    };
    assert_eq!(cookie.path, path.map(str::as_bytes), "{line}");
    let domain = text("SESSION_COOKIE_DOMAIN").map(|domain| domain.trim_start_matches('.'));
    assert_eq!(cookie.domain, domain.map(str::as_bytes), "{line}");
    let same_site = match setting("SESSION_COOKIE_SAMESITE") {
        None => Some(SameSite::Lax),
        Some(value) => value
            .as_str()
            .map(|text| match text.to_ascii_lowercase().as_str() {
                "lax" => SameSite::Lax,
                "strict" => SameSite::Strict,
                "none" => SameSite::None_,
                other => panic!("{other}"),
            }),
    };
    assert_eq!(cookie.same_site, same_site, "{line}");
    let prefixed = name.starts_with("__Host-") || name.starts_with("__Secure-");
    let secure = match removal {
        true => prefixed || same_site == Some(SameSite::None_),
        false => flag("SESSION_COOKIE_SECURE").unwrap_or(false),
    };
    assert_eq!(cookie.secure, secure, "{line}");
    let http_only = !removal && flag("SESSION_COOKIE_HTTPONLY").unwrap_or(true);
    assert_eq!(cookie.http_only, http_only, "{line}");
    assert!(!cookie.partitioned, "{line}");

    assert_eq!(cookie.max_age.is_some(), cookie.expires.is_some(), "{line}");
    let ends_now = cookie.max_age.is_some_and(|seconds| seconds <= 0);
    assert!(!removal || ends_now, "{line}");
    assert_eq!(cookie.is_removal(), removal || ends_now, "{line}");
}

/// The sessions that requests bring along are found in the header and open.
#[test]
fn sessions_that_browsers_send() {
    let mut tally = Tally::default();
    for case in operation("request") {
        let Some(header) = case["request_cookie"].as_str() else {
            tally.count("no cookie", case.id());
            continue;
        };
        let name = case["settings"]["SESSION_COOKIE_NAME"]
            .as_str()
            .unwrap_or("sessionid");
        let header = CookieHeader::new(header.as_bytes()).unwrap();
        let values: Vec<&[u8]> = header.values(&CookieName::new(name).unwrap()).collect();
        let [value] = values[..] else {
            panic!("{}: {} values", case.id(), values.len());
        };
        if case["engine"] != "signed_cookies" {
            tally.count("a session key", case.id());
            continue;
        }
        let signer = signer(&case, COOKIE_SALT);
        let value = core::str::from_utf8(value).unwrap();
        let opened = loads(&signer, value, None, now(&case));
        // `existing` cookies are good; `tampered`, `short`, `blank` and `unknown` ones are not.
        let is_good = case.id().ends_with("/existing");
        assert_eq!(opened.is_ok(), is_good, "{}", case.id());
        if let Ok(loaded) = opened {
            let session: serde_json::Value = serde_json::from_str(&loaded.value).unwrap();
            assert_eq!(session, case["start_session"], "{}", case.id());
            tally.count("a signed session, which opens", case.id());
        } else {
            tally.count("not Django's: refused", case.id());
        }
    }
    tally.expect(&[
        ("a session key", 156),
        ("a signed session, which opens", 105),
        ("no cookie", 218),
        ("not Django's: refused", 50),
    ]);
}

/// Values are given as sent: what Django unquotes is never a session of ours.
const QUOTED: [&str; 2] = ["parse/quoted", "parse/octal"];

#[test]
fn cookie_headers() {
    let mut tally = Tally::default();
    for case in operation("parse_cookie") {
        let header = CookieHeader::new(case.text("header").as_bytes()).unwrap();
        let ours: Vec<(String, String)> = header
            .cookies()
            .map(|cookie| {
                [cookie.name, cookie.value].map(|part| String::from_utf8(part.to_vec()).unwrap())
            })
            .map(|[name, value]| (name, value))
            .collect();
        let theirs: Vec<(String, String)> = serde_json::from_value(case["parsed"].clone()).unwrap();
        let class = if QUOTED.contains(&case.id()) {
            let [(name, value)] = &ours[..] else {
                panic!("{ours:?}")
            };
            assert_eq!(*name, theirs[0].0);
            assert!(case.text("header").ends_with(value) && value.starts_with('"'));
            "a quoted value: given with its quotes"
        } else if case.id() == "parse/repeated" {
            assert_eq!(ours.last(), theirs.last());
            assert_eq!(ours.len(), 2);
            "a repeated name: all are given, Django takes the last"
        } else {
            assert_eq!(ours, theirs, "{}", case.id());
            "the same cookies"
        };
        tally.count(class, case.id());
    }
    tally.expect(&[
        ("a quoted value: given with its quotes", 2),
        ("a repeated name: all are given, Django takes the last", 1),
        ("the same cookies", 13),
    ]);
}

/// Django quotes values; ours never need it, and what would is refused.
#[test]
fn values_to_quote() {
    let config = CookieProfileConfig {
        name: "k".into(),
        ..CookieProfileConfig::default()
    };
    let profile = CookieProfile::new(config).unwrap();
    let mut tally = Tally::default();
    for case in operation("quote_cookie") {
        let value = case.text("value");
        let class = match profile.set(value, Lifetime::BrowserSession) {
            Ok(line) => {
                assert!(
                    line.as_str().starts_with(&format!("k={value};")),
                    "{}",
                    case.id()
                );
                let read = SetCookie::read(line.as_str().as_bytes()).unwrap();
                assert_eq!(read.value, value.as_bytes(), "{}", case.id());
                "written as it is"
            }
            Err(_) => {
                let special = |c: char| !c.is_ascii_graphic() || "\",;\\".contains(c);
                assert!(value.contains(special), "{}", case.id());
                "not a cookie value: refused"
            }
        };
        tally.count(class, case.id());
    }
    tally.expect(&[("not a cookie value: refused", 7), ("written as it is", 6)]);
}
