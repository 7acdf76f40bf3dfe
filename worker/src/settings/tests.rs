use alloc::collections::{BTreeMap, BTreeSet};
use core::cell::RefCell;

use serde_json::{Value, json};
use session_gateway::{routes::Mode, site::Protocol};

use super::*;

const KEY: &str = "es1_qjNu7egJRVJturPFCo5qai0RKKLJO6S4UmrrnifuJ7M";
const DJANGO: &str = "k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus";

fn parsers(date: fn(&str) -> Option<Timestamp>) -> Parsers {
    Parsers {
        date,
        url_origin: |_| None,
    }
}

/// The least that is needed, with these changes; an empty text takes a setting away.
fn read(changes: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    read_with_warnings(changes).map(|(settings, _)| settings)
}

fn read_with_warnings(changes: &[(&str, &str)]) -> Result<(Settings, Vec<Problem>), Vec<String>> {
    let mut settings = BTreeMap::from([
        ("ORIGIN_URL", "https://shop.example"),
        ("SESSION_KEYS", KEY),
        ("DJANGO_SECRET_KEY", DJANGO),
    ]);
    settings.extend(changes.iter().copied());
    let binding = |name: &str| {
        let text = settings.get(name).filter(|text| !text.is_empty());
        text.map(|text| (*text).to_owned())
    };
    // The platform's reader of dates, as far as these tests need it.
    let date = |text: &str| (text == "2027-01-15").then(|| Timestamp::from_seconds(1_800_000_000));
    let has_store = |tier| matches!(tier, Tier::Kv | Tier::Origin);
    let names: Vec<String> = settings.keys().map(|name| (*name).to_owned()).collect();
    let read = Settings::read(binding, || names.clone(), has_store, parsers(date));
    let read =
        read.map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>());
    read.map(|read| {
        let warnings = read.warnings(binding, &names);
        (read, warnings)
    })
}

#[test]
fn three_settings_are_enough() {
    let settings = read(&[]).map_err(|problems| problems.join("; ")).unwrap();
    assert_eq!(settings.site.origin.as_str(), "https://shop.example");
    assert_eq!(
        settings.site.codec.profile().name().as_str(),
        "__Host-sessionid"
    );
    assert_eq!(settings.store, StoreChoice::One(Tier::Kv));
    assert!(settings.site.codec.django_cookie().is_some());
    assert_eq!(settings.key_ids.len(), 1);
}

#[test]
fn sessions_are_bound_to_devices_where_that_can_work_and_nowhere_else() {
    let origin = [
        ("SESSION_STORE", "origin"),
        ("SESSION_ORIGIN_STORE_URL", "https://shop.example/store"),
        (
            "SESSION_ORIGIN_STORE_KEY",
            "es1_Zm9yIHRoZSBvcmlnaW4gc3RvcmUgYWxvbmUsIG9rPyE",
        ),
        ("SESSION_DEVICE", "bound"),
    ];
    let with = |more: &[(&str, &str)]| read(&[&origin[..], more].concat());
    let settings = with(&[("SESSION_ROUTES", r#"{"/admin/": "device"}"#)]);
    let settings = settings.map_err(|problems| problems.join("; ")).unwrap();
    let device = settings.site.device.as_ref().unwrap();
    assert_eq!((device.seconds, device.proof_seconds), (600, None));
    assert_eq!(device.profile.name().as_str(), "__Host-sessionid-device");
    // What a browser calls its session is sealed once, so its key is of use to the session's end.
    let (idle, absolute) = (14 * 24 * 3600, 30 * 24 * 3600);
    assert_eq!(settings.sealed_seconds(), absolute);
    assert_eq!(settings.cookie_seconds(), idle);
    let without = read(&[]).unwrap();
    assert!(without.site.device.is_none());
    assert_eq!(without.sealed_seconds(), idle);
    for (changes, wanted) in [
        (&[("SESSION_STORE", "kv")][..], "SESSION_STORE = \"do\""),
        (&[("SESSION_REVOCATION", "required")], "SESSION_REVOCATION"),
        (&[("SESSION_WRITE", "django")], "SESSION_WRITE"),
        (
            &[("SESSION_COOKIE", "s"), ("SESSION_COOKIE_PATH", "/a")],
            "SESSION_COOKIE_PATH",
        ),
        (
            &[
                ("SESSION_COOKIE", "s"),
                ("SESSION_COOKIE_DOMAIN", "shop.example"),
            ],
            "SESSION_COOKIE_DOMAIN",
        ),
        (
            &[("SESSION_COOKIE_PARTITIONED", "true")],
            "SESSION_COOKIE_PARTITIONED",
        ),
        (
            &[("SESSION_PROTOCOL", "rows"), ("SESSION_KEYS", "")],
            "SESSION_KEYS: missing",
        ),
        (
            &[
                ("SESSION_DEVICE", "off"),
                ("SESSION_ROUTES", r#"{"/admin/": "device"}"#),
            ],
            "the mode \"device\"",
        ),
    ] {
        let problems = with(changes).err().unwrap_or_default().join("; ");
        assert!(problems.contains(wanted), "{changes:?}: {problems}");
    }
}

#[test]
fn where_the_site_keeps_its_sessions_no_sealing_key_is_needed() {
    let rows = [("SESSION_PROTOCOL", "rows"), ("SESSION_KEYS", "")];
    let with = |more: &[(&str, &str)]| read(&[&rows[..], more].concat());
    let origin = [
        ("SESSION_STORE", "origin"),
        ("SESSION_ORIGIN_STORE_URL", "https://shop.example/store"),
        ("SESSION_ORIGIN_STORE_KEY", KEY),
    ];
    let settings = with(&origin)
        .map_err(|problems| problems.join("; "))
        .unwrap();
    assert!(matches!(settings.site.protocol, Protocol::Rows(_)));
    assert_eq!(settings.site.revocation, Revocation::None);
    for store in ["kv", "r2", "none", "kv+origin"] {
        let problems = with(&[&origin[1..], &[("SESSION_STORE", store)]].concat());
        let problems = problems.err().unwrap().join("; ");
        assert!(problems.contains("SESSION_STORE: neither"), "{problems}");
    }
    let no_key = with(&[&origin[..], &[("DJANGO_SECRET_KEY", "")]].concat());
    assert_eq!(no_key.err().unwrap(), ["DJANGO_SECRET_KEY: missing"]);
}

#[test]
fn every_problem_is_named_at_once_and_no_secret_is() {
    let problems = read(&[
        ("SESSION_KEYS", &KEY[..40]),
        ("DJANGO_SECRET_KEY", "short-secret"),
        ("ORIGIN_URL", "ftp://shop.example"),
        ("SESSION_ROUTES", r#"{"/": "sometimes"}"#),
        ("SESSION_STORE", "redis"),
    ])
    .err()
    .unwrap();
    let names: Vec<_> = problems
        .iter()
        .filter_map(|p| p.split(':').next())
        .collect();
    assert_eq!(
        names,
        [
            "SESSION_ROUTES",
            "SESSION_STORE",
            "ORIGIN_URL",
            "SESSION_KEYS",
            "DJANGO_SECRET_KEY"
        ]
    );
    let text = problems.concat();
    assert!(
        !text.contains("short-secret") && !text.contains(&KEY[4..12]),
        "{text}"
    );
}

#[test]
fn one_name_for_both_sides_needs_no_second_cookie() {
    let settings = read(&[("SESSION_COOKIE", "sessionid")]);
    assert!(settings.is_ok_and(|settings| settings.site.codec.django_cookie().is_none()));
}

#[test]
fn a_fallback_may_have_an_end_and_the_primary_may_not() {
    let older = KEY.replace("qjNu", "rjNu");
    let ends = |keys: &str| read(&[("SESSION_KEYS", keys)]).map(|settings| settings.key_ids[1].1);
    let end = Timestamp::from_seconds(1_800_000_000);
    assert_eq!(ends(&format!("{KEY} {older}")), Ok(None));
    assert_eq!(ends(&format!("{KEY} {older}@2027-01-15")), Ok(Some(end)));
    for wrong in [
        "@",
        "@soon",
        "@2027-99-99",
        "@2027-00-15",
        "@2027-02-30",
        "@2027-04-31",
        "@2027-02-29",
        "@2027-1-150",
        "@2027-01-1é",
        "@2027-01-15T00:00",
        "@2027-01-15@",
    ] {
        let refused = ends(&format!("{KEY} {older}{wrong}"));
        assert!(
            refused.is_err_and(|problems| problems[0].contains("key 2")),
            "{wrong}"
        );
    }
    assert!(ends(&format!("{KEY}@2027-01-15 {older}")).is_err());
}

#[test]
fn what_is_written_must_be_read_without_an_end() {
    let accepted = |accept: &str| read(&[("SESSION_ACCEPT", accept)]).is_ok();
    assert!(accepted(r#"[{"envelope": "sealed"}]"#));
    assert!(accepted(
        r#"[{"envelope": "sealed"}, {"envelope": "django", "until": "2027-01-15"}]"#
    ));
    assert!(!accepted(
        r#"[{"envelope": "sealed", "until": "2027-01-15"}]"#
    ));
    assert!(!accepted(r#"[{"envelope": "django"}]"#));
    assert!(!accepted(
        r#"[{"envelope": "sealed"}, {"envelope": "django", "until": "soon"}]"#
    ));
    assert!(!accepted(r#"[{"envelope": "plain"}]"#));
}

#[test]
fn rules_and_dictionaries_are_checked() {
    let problem = |setting: &str, text: &str| {
        let problems = read(&[(setting, text)]).err();
        problems.map(|problems| problems.join("; "))
    };
    let good = r#"[{"key": "cart*", "max_age": 60, "overflow": "drop"}, {"key": "token", "secret": true}]"#;
    assert_eq!(problem("SESSION_RULES", good), None);
    for wrong in [
        r#"{"cart": "critical"}"#,
        r#"[{"key": "a", "max_age": 0}]"#,
        r#"[{"key": "a", "priority": "critical", "overflow": "drop"}]"#,
    ] {
        let problem = problem("SESSION_RULES", wrong);
        assert!(
            problem.is_some_and(|p| p.starts_with("SESSION_RULES: ")),
            "{wrong}"
        );
    }
    let spills = ("SESSION_RULES", r#"[{"key": "a", "overflow": "spill"}]"#);
    assert!(read(&[spills]).is_ok());
    assert!(read(&[spills, ("SESSION_STORE", "none")]).is_err());

    let good = r#"{"write": 200, "dictionaries": {"128": "d29yZA==", "200": "d29yZHM="}}"#;
    assert_eq!(problem("SESSION_DICTIONARY", good), None);
    for wrong in [
        r#"{"write": 128}"#,
        r#"{"dictionaries": {"1": "d29yZA=="}}"#,
        r#"{"dictionaries": {"x": "d29yZA=="}}"#,
        r#"{"dictionaries": {"128": "not base64"}}"#,
        r#"{"dictionaries": {"128": ""}}"#,
        r#"{"dictionaries": {"128": "d29yZA==", "0128": "d29yZA=="}}"#,
    ] {
        let problem = problem("SESSION_DICTIONARY", wrong);
        assert!(
            problem.is_some_and(|p| p.starts_with("SESSION_DICTIONARY: ")),
            "{wrong}"
        );
    }
}

#[test]
fn a_store_needs_its_bindings() {
    let problems = read(&[("SESSION_STORE", "kv+d1")]).err().unwrap();
    assert_eq!(
        problems,
        ["SESSIONS_DB: the binding is missing (SESSION_STORE wants \"d1\")"]
    );
}

#[test]
fn revocation_needs_a_store() {
    let chosen = |changes: &[(&str, &str)]| read(changes).map(|settings| settings.site.revocation);
    assert_eq!(chosen(&[]), Ok(Revocation::Always));
    for mode in [Revocation::None, Revocation::Required, Revocation::Always] {
        assert_eq!(chosen(&[("SESSION_REVOCATION", mode.label())]), Ok(mode));
    }
    assert_eq!(chosen(&[("SESSION_STORE", "none")]), Ok(Revocation::None));
    assert!(chosen(&[("SESSION_STORE", "none"), ("SESSION_REVOCATION", "always")]).is_err());
}

#[test]
fn days_are_those_of_the_calendar() {
    for day in ["2027-01-31", "2028-02-29", "2000-02-29", "2027-12-31"] {
        assert_eq!(keys::day(day), Some(day));
    }
    for day in [
        "2027-02-29",
        "2100-02-29",
        "2027-02-30",
        "2027-06-31",
        "2027-13-01",
        "2027-01-00",
        "2027-1-01",
        "+027-01-01",
        "2027/01/01",
        "2027-01-01Z",
        "",
    ] {
        assert_eq!(keys::day(day), None, "{day}");
    }
}

#[test]
fn what_stands_round_a_key_is_said() {
    let taken = |keys: &str| read(&[("SESSION_KEYS", keys)]).map(|_| ());
    for keys in [
        format!("{KEY}\r\n"),
        format!(" {KEY}"),
        format!("\u{feff}{KEY}"),
    ] {
        assert_eq!(taken(&keys), Ok(()), "{keys:?}");
    }
    for keys in [
        format!("\"{KEY}\""),
        format!("[\"{KEY}\"]"),
        format!("{KEY}'"),
        format!("KEY={KEY}"),
    ] {
        let problems = taken(&keys).unwrap_err().join("; ");
        assert!(
            problems.contains("the key alone is wanted"),
            "{keys}: {problems}"
        );
        assert!(
            !problems.contains("passwords") && !problems.contains(&KEY[4..12]),
            "{problems}"
        );
    }
    let headers = [("SESSION_PROTOCOL", "headers")];
    let other = KEY.replace("qjNu", "rjNu") + "\n";
    assert!(read(&[headers[0], ("SESSION_ORIGIN_KEY", &other)]).is_ok());
}

/// The warnings of right settings with these changes.
fn warnings(changes: &[(&str, &str)]) -> Vec<String> {
    let (_, warnings) = read_with_warnings(changes)
        .map_err(|problems| problems.join("; "))
        .unwrap();
    warnings.iter().map(ToString::to_string).collect()
}

/// A row each: what is set, the setting that is named, and a part of the cure. Without the change nothing is said.
#[test]
fn settings_that_can_hardly_work_are_named_with_the_cure() {
    assert_eq!(warnings(&[]), Vec::<String>::new());
    let line_end = format!("{DJANGO}\n");
    let carriage = format!("{DJANGO}\r\n");
    let blank = format!(" {DJANGO}");
    let quoted = format!("\"{DJANGO}\"");
    let marked = format!("\u{feff}{DJANGO}");
    let older = format!("[\"{DJANGO}-older\\n\"]");
    let token = format!("'{DJANGO}'");
    for (changes, setting, cure) in [
        (
            &[("SESSION_ROUTE", "{}")][..],
            "SESSION_ROUTE",
            "SESSION_ROUTES is meant",
        ),
        (
            &[("SESION_ROUTES", "{}")],
            "SESION_ROUTES",
            "SESSION_ROUTES is meant",
        ),
        (
            &[("Session_Routes", "{}")],
            "Session_Routes",
            "SESSION_ROUTES is meant",
        ),
        (
            &[("DJANGO_SECRET", "x")],
            "DJANGO_SECRET",
            "docs/SETTINGS.md",
        ),
        (&[("ORIGIN_URI", "x")], "ORIGIN_URI", "ORIGIN_URL is meant"),
        (
            &[("SESSION_ORIGIN_KEY", "x")],
            "SESSION_ORIGIN_KEY",
            "no effect",
        ),
        (
            &[("DJANGO_SECRET_KEY", &line_end)],
            "DJANGO_SECRET_KEY",
            "printf %s",
        ),
        (
            &[("DJANGO_SECRET_KEY", &carriage)],
            "DJANGO_SECRET_KEY",
            "white space",
        ),
        (
            &[("DJANGO_SECRET_KEY", &blank)],
            "DJANGO_SECRET_KEY",
            "white space",
        ),
        (
            &[("DJANGO_SECRET_KEY", &quoted)],
            "DJANGO_SECRET_KEY",
            "quotation mark",
        ),
        (
            &[("DJANGO_SECRET_KEY", &marked)],
            "DJANGO_SECRET_KEY",
            "byte order mark",
        ),
        (
            &[("DJANGO_SECRET_KEY_FALLBACKS", &older)],
            "DJANGO_SECRET_KEY_FALLBACKS",
            "white space",
        ),
        (
            &[("SESSION_API_TOKEN", &token)],
            "SESSION_API_TOKEN",
            "quotation mark",
        ),
        (
            &[("ALLOW_WEAK_DJANGO_SECRET", "true")],
            "ALLOW_WEAK_DJANGO_SECRET",
            "long random",
        ),
        (
            &[("SESSION_DEBUG_HEADER", "true")],
            "SESSION_DEBUG_HEADER",
            "false",
        ),
        (
            &[("ORIGIN_URL", "http://127.0.0.1:8000")],
            "ORIGIN_URL",
            "host name",
        ),
        (
            &[("ORIGIN_URL", "http://localhost:8000")],
            "ORIGIN_URL",
            "wrangler dev",
        ),
        (
            &[("ORIGIN_URL", "http://[::1]:8000")],
            "ORIGIN_URL",
            "wrangler dev",
        ),
        (
            &[("ORIGIN_URL", "http://0.0.0.0:8000")],
            "ORIGIN_URL",
            "wrangler dev",
        ),
        (
            &[("ORIGIN_URL", "https://203.0.113.7")],
            "ORIGIN_URL",
            "1003",
        ),
        (
            &[("ORIGIN_URL", "http://web:8000")],
            "ORIGIN_URL",
            "private network",
        ),
        (
            &[("ORIGIN_URL", "http://shop.example")],
            "ORIGIN_URL",
            "https://",
        ),
        (
            &[
                (
                    "SESSION_ROUTES",
                    r#"{"/": "required", "/static/": "public"}"#,
                ),
                ("SESSION_LOGIN_URL", "/login/?from=edge"),
            ],
            "SESSION_LOGIN_URL",
            r#"{"/login/": "optional"}"#,
        ),
        (
            &[
                (
                    "SESSION_ROUTES",
                    r#"{"/a/": "required", "/login/": "public"}"#,
                ),
                ("SESSION_LOGIN_URL", "/login/"),
            ],
            "SESSION_LOGIN_URL",
            r#"{"/login/": "optional"}"#,
        ),
        (
            &[("SESSION_LOGIN_URL", "/login/")],
            "SESSION_LOGIN_URL",
            "SESSION_ROUTES",
        ),
        (
            &[("SESSION_ROUTES", r#"{"/account/*": "required"}"#)],
            "SESSION_ROUTES",
            "beginnings of paths",
        ),
        (
            &[("SESSION_ROUTES", r#"{"//account/": "required"}"#)],
            "SESSION_ROUTES",
            "beginnings of paths",
        ),
        (
            &[("SESSION_IDLE_SECONDS", "31536000")],
            "SESSION_IDLE_SECONDS",
            "SESSION_ABSOLUTE_SECONDS",
        ),
        (
            &[("SESSION_TOUCH_SECONDS", "1209600")],
            "SESSION_TOUCH_SECONDS",
            "SESSION_IDLE_SECONDS",
        ),
        (
            &[("SESSION_CLIENT_VISIBLE", r#"["*"]"#)],
            "SESSION_CLIENT_VISIBLE",
            "list the keys",
        ),
        (
            &[("SESSION_COOKIE", "sid"), ("SESSION_COOKIE_PATH", "/app/")],
            "SESSION_COOKIE_PATH",
            "/_session",
        ),
        (
            &[("SESSION_COLUMNS", r#"["ip"]"#)],
            "SESSION_COLUMNS",
            "no effect",
        ),
        (
            &[("SESSION_STORE_WRITE", "behind")],
            "SESSION_STORE_WRITE",
            "no effect",
        ),
        (
            &[("SESSION_CACHE_USERS_ONLY", "true")],
            "SESSION_CACHE_USERS_ONLY",
            "no effect",
        ),
    ] {
        let warnings = warnings(changes);
        let named = |warning: &&String| {
            warning.starts_with(&format!("{setting}: ")) && warning.contains(cure)
        };
        assert_eq!(
            warnings.iter().filter(named).count(),
            1,
            "{changes:?}: {warnings:?}"
        );
        assert!(!warnings.concat().contains(&DJANGO[..12]), "{warnings:?}");
    }
    let right = r#"{"/": "required", "/login/": "optional"}"#;
    assert!(warnings(&[("SESSION_ROUTES", right), ("SESSION_LOGIN_URL", "/login/")]).is_empty());
}

#[test]
fn a_misspelled_name_is_said_beside_what_is_missing() {
    let problems = read(&[("SESSION_KEYS", ""), ("SESSION_KEY", KEY)])
        .err()
        .unwrap();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[1].starts_with("SESSION_KEY: ") && problems[1].contains("SESSION_KEYS is meant")
    );
}

#[test]
fn the_login_page_is_served_without_a_session() {
    let settings = read(&[
        (
            "SESSION_ROUTES",
            r#"{"/": "required", "/files/": "public"}"#,
        ),
        ("SESSION_LOGIN_URL", "/login/?from=edge"),
    ])
    .map_err(|problems| problems.join("; "))
    .unwrap();
    assert_eq!(settings.site.mode("/login/"), Mode::Optional);
    for path in [
        "/",
        "/login",
        "/login/x",
        "//login/",
        "/Login/",
        "/%6cogin/",
    ] {
        assert_eq!(settings.site.mode(path), Mode::Required, "{path}");
    }
    assert_eq!(settings.site.mode("/files/x"), Mode::Public);
}

#[test]
fn django_without_an_end_is_told_unless_it_is_written() {
    let endless = |changes: &[(&str, &str)]| {
        read(changes).map(|settings| settings.accepts_django_without_end())
    };
    assert_eq!(endless(&[]), Ok(true));
    let until = r#"[{"envelope": "sealed"}, {"envelope": "django", "until": "2027-01-15"}]"#;
    assert_eq!(endless(&[("SESSION_ACCEPT", until)]), Ok(false));
    let signed = [
        ("SESSION_WRITE", "django"),
        ("SESSION_ACCEPT", r#"[{"envelope": "django"}]"#),
    ];
    assert_eq!(endless(&signed), Ok(false));
}

/// Every setting of `settings.json`, with what makes it count.
fn described() -> Vec<(Value, Vec<(String, String)>)> {
    let text = include_str!("../../settings.json");
    let described: Value = serde_json::from_str(text).unwrap();
    let sections = described["sections"].as_array().unwrap().iter();
    let settings = sections.flat_map(|section| section["settings"].as_array().unwrap());
    let counts = settings.map(|setting| {
        let used: &[(&str, &str)] = match setting["used"].as_str() {
            Some("headers") => &[("SESSION_PROTOCOL", "headers")],
            Some("device") => &[("SESSION_STORE", "d1"), ("SESSION_DEVICE", "observe")],
            Some("columns") => &[("SESSION_STORE", "d1")],
            Some("origin_store") => &[("SESSION_STORE", "origin")],
            Some("two_stores") => &[("SESSION_STORE", "kv+d1")],
            _ => &[],
        };
        let used = used
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()));
        let with = setting["with"].as_object().into_iter().flatten();
        let with = with.map(|(name, text)| (name.clone(), as_bound(text)));
        (setting.clone(), used.chain(with).collect())
    });
    counts.collect()
}

/// A variable as the Worker is given it.
fn as_bound(value: &Value) -> String {
    value.as_str().map_or(value.to_string(), str::to_owned)
}

/// What is said of one setting by name, and which settings were looked for.
fn said(name: &str, value: &str, with: &[(String, String)]) -> (Vec<String>, BTreeSet<String>) {
    let mut settings: BTreeMap<&str, &str> = BTreeMap::from([
        ("ORIGIN_URL", "https://shop.example"),
        ("SESSION_KEYS", KEY),
        ("DJANGO_SECRET_KEY", DJANGO),
    ]);
    settings.extend(with.iter().map(|(name, text)| (&**name, &**text)));
    settings.insert(name, value);
    let asked = RefCell::new(BTreeSet::new());
    let binding = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        settings.get(name).map(|text| (*text).to_owned())
    };
    let date = |text: &str| {
        text.starts_with("20")
            .then(|| Timestamp::from_seconds(1_800_000_000))
    };
    let names = [name.to_owned()];
    let said = match Settings::read(binding, || names.to_vec(), |_| true, parsers(date)) {
        Ok(settings) => settings.warnings(binding, &names),
        Err(problems) => problems,
    };
    let said = said.iter().map(ToString::to_string);
    let of_this = said.filter(|said| said.starts_with(&format!("{name}: ")));
    (of_this.collect(), asked.into_inner())
}

/// The description is what the reader does: examples are read, what is refused is, defaults say nothing
/// new, ranges and names end where they say.
#[test]
fn settings_are_as_they_are_described() {
    // What is right by itself, and not beside the others.
    const BESIDE: [&str; 5] = [
        "development",
        "too small for the cookie's name",
        "is longer than SESSION_ABSOLUTE_SECONDS",
        "are not less than SESSION_IDLE_SECONDS",
        "no route is \"required\"",
    ];
    let is_alone = |said: &String| !BESIDE.iter().any(|beside| said.contains(beside));
    let mut wrong = Vec::new();
    for (setting, with) in described() {
        let name = setting["name"].as_str().unwrap();
        let said = |value: &Value| said(name, &as_bound(value), &with).0;
        let mut good: Vec<Value> = setting["allowed"].as_array().cloned().unwrap_or_default();
        let mut bad: Vec<Value> = setting["refused"].as_array().cloned().unwrap_or_default();
        good.extend(setting.get("example").or(setting.get("default")).cloned());
        match setting["kind"].as_str().unwrap() {
            "number" => {
                let [least, most] = ["least", "most"].map(|end| setting[end].as_u64().unwrap());
                good.extend([least.into(), most.into()]);
                bad.extend([(most + 1).into(), (-1).into(), "many".into(), "1.5".into()]);
                bad.extend(least.checked_sub(1).map(Value::from));
            }
            "boolean" => {
                good.extend([true.into(), "false".into()]);
                bad.extend(["yes".into(), 1.into()]);
            }
            "choice" => bad.extend(["".into(), "redis".into(), "NONE".into()]),
            "list" => bad.extend([json!("["), json!({})]),
            "object" => bad.extend([json!("{"), json!([1])]),
            "binding" => continue,
            _ => {}
        }
        for value in good {
            let said = said(&value);
            wrong.extend(
                said.into_iter()
                    .filter(is_alone)
                    .map(|said| format!("{value}: {said}")),
            );
        }
        for value in bad.iter().filter(|value| said(value).is_empty()) {
            wrong.push(format!("{name} = {value} is taken"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn values_of_examples_are_refused_wherever_one_has_to_be_ones_own() {
    let examples = include_str!("../../../deploy/.dev.vars.example");
    let lines = examples.lines().filter(|line| !line.starts_with('#'));
    let mut names: Vec<&str> = Vec::new();
    for (name, value) in lines.filter_map(|line| line.split_once('=')) {
        let problems = read(&[(name, value)]).err().unwrap_or_default();
        let [problem] = &*problems else {
            panic!("{name}: {problems:?}");
        };
        assert!(problem.starts_with(&format!("{name}: is an example's value")));
        assert!(!problem.contains("change-me"), "{problem}");
        names.push(name);
    }
    assert_eq!(
        names,
        ["SESSION_KEYS", "DJANGO_SECRET_KEY", "SESSION_API_TOKEN"]
    );
    assert!(read(&[("ORIGIN_URL", "https://change-me.example")]).is_err());
    let secrets = described()
        .into_iter()
        .filter(|(setting, _)| setting["secret"] == true);
    for (setting, _) in secrets {
        assert!(setting["own"].is_string(), "{setting}");
    }
}

#[test]
fn what_is_described_is_read_and_nothing_else() {
    let mut asked = BTreeSet::new();
    let mut names = BTreeSet::new();
    for (setting, with) in described() {
        let name = setting["name"].as_str().unwrap();
        if setting["kind"] != "binding" {
            names.insert(name.to_owned());
        }
        asked.extend(said(name, "", &with).1);
    }
    assert_eq!(asked, names);
    let bindings = Tier::ALL.map(Tier::binding);
    assert!(
        bindings
            .iter()
            .all(|binding| setting::NAMES.contains(binding))
    );
    assert!(names.iter().all(|name| setting::NAMES.contains(&&**name)));
}

#[test]
fn defaults_are_those_of_the_codec_and_the_stores() {
    let usual = Config::default();
    let default =
        |number: &setting::Number| number.setting.default.unwrap().parse::<u64>().unwrap();
    assert_eq!(
        default(&setting::SESSION_IDLE_SECONDS),
        u64::from(usual.idle_seconds)
    );
    assert_eq!(
        default(&setting::SESSION_ABSOLUTE_SECONDS),
        u64::from(usual.absolute_seconds)
    );
    assert_eq!(
        default(&setting::SESSION_STALE_SECONDS),
        u64::from(usual.stale_seconds)
    );
    let most = session_store::Record::MAX_BYTES as u64;
    assert_eq!(default(&setting::SESSION_CACHE_BYTES), most);
    assert_eq!(u64::from(setting::SESSION_CACHE_BYTES.most), most);
}

#[test]
fn how_long_a_copy_is_good_after_log_out_is_known() {
    const IDLE: u64 = 14 * 24 * 3600;
    const ABSOLUTE: u64 = 30 * 24 * 3600;
    let seconds = |changes: &[(&str, &str)]| {
        let settings = read(changes);
        settings.map(|settings| settings.copy_seconds())
    };
    let origin = [
        ("SESSION_ORIGIN_STORE_URL", "https://site.example/store"),
        (
            "SESSION_ORIGIN_STORE_KEY",
            "es1_FTxuwMdvb0He6cB48TBj8-KrtSDrRMrk3yykzksxVCQ",
        ),
        ("SESSION_STORE", "origin"),
    ];
    assert_eq!(seconds(&[]), Ok(120 + 60));
    assert_eq!(seconds(&[("SESSION_REVOCATION_SECONDS", "0")]), Ok(120));
    assert_eq!(
        seconds(&[("SESSION_REVOCATION", "required")]),
        Ok(120 + IDLE)
    );
    assert_eq!(seconds(&[("SESSION_REVOCATION", "none")]), Ok(ABSOLUTE));
    assert_eq!(seconds(&[("SESSION_STORE", "none")]), Ok(ABSOLUTE));
    assert_eq!(seconds(&origin), Ok(60));
    for wrong in ["-1", "1.5", "86401", "a minute"] {
        assert!(
            seconds(&[("SESSION_REVOCATION_SECONDS", wrong)]).is_err(),
            "{wrong:?}"
        );
    }
}
