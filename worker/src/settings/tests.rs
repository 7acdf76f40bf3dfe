use alloc::collections::BTreeMap;

use super::*;

const KEY: &str = "es1_qjNu7egJRVJturPFCo5qai0RKKLJO6S4UmrrnifuJ7M";
const DJANGO: &str = "k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus";

/// The least that is needed, with these changes; an empty text takes a setting away.
fn read(changes: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
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
    Settings::read(binding, &names, has_store, date)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[test]
fn three_settings_are_enough() {
    let settings = read(&[]).map_err(|problems| problems.join("; ")).unwrap();
    assert_eq!(settings.origin, "https://shop.example");
    assert_eq!(settings.codec.profile().name().as_str(), "__Host-sessionid");
    assert_eq!(settings.store, StoreChoice::One(Tier::Kv));
    assert!(settings.codec.django_cookie().is_some());
    assert_eq!(settings.key_ids.len(), 1);
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
    assert!(matches!(settings.protocol, Protocol::Rows(_)));
    assert_eq!(settings.revocation, Revocation::None);
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
    assert!(settings.is_ok_and(|settings| settings.codec.django_cookie().is_none()));
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
    let chosen = |changes: &[(&str, &str)]| read(changes).map(|settings| settings.revocation);
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
    let settings = read(changes)
        .map_err(|problems| problems.join("; "))
        .unwrap();
    settings.warnings.iter().map(ToString::to_string).collect()
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
            "docs/OPERATING.md",
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
    assert_eq!(settings.mode("/login/"), Mode::Optional);
    for path in [
        "/",
        "/login",
        "/login/x",
        "//login/",
        "/Login/",
        "/%6cogin/",
    ] {
        assert_eq!(settings.mode(path), Mode::Required, "{path}");
    }
    assert_eq!(settings.mode("/files/x"), Mode::Public);
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

/// What the documents name must not be called unknown.
#[test]
fn every_setting_of_the_documents_is_known() {
    let text = include_str!("../../../wrangler.toml");
    let names = text.lines().filter_map(|line| {
        let name = line.trim_start_matches("# ").split(" = ").next()?;
        let is_name = name.starts_with("SESSION_")
            || name.starts_with("ORIGIN_")
            || name.starts_with("DJANGO_");
        (is_name
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
        .then_some(name)
    });
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.len() > 30, "{names:?}");
    let settings = BTreeMap::from([
        ("ORIGIN_URL", "https://shop.example"),
        ("SESSION_KEYS", KEY),
        ("DJANGO_SECRET_KEY", DJANGO),
    ]);
    let binding = |name: &str| settings.get(name).map(|text| (*text).to_owned());
    let read = Settings::read(binding, &names, |_| true, |_| None);
    let warnings = read.map(|settings| settings.warnings).unwrap_or_default();
    let unknown = warnings
        .iter()
        .map(ToString::to_string)
        .filter(|warning| warning.contains("no setting"));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<String>::new());
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
