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
    Settings::read(binding, has_store, date)
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
    assert_eq!(chosen(&[]), Ok(Revocation::Required));
    assert_eq!(
        chosen(&[("SESSION_REVOCATION", "none")]),
        Ok(Revocation::None)
    );
    assert_eq!(
        chosen(&[("SESSION_REVOCATION", "always")]),
        Ok(Revocation::Always)
    );
    assert_eq!(chosen(&[("SESSION_STORE", "none")]), Ok(Revocation::None));
    assert!(chosen(&[("SESSION_STORE", "none"), ("SESSION_REVOCATION", "always")]).is_err());
}
