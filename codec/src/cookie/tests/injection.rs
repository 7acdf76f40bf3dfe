//! Each text field with each byte (npm cookie CVE-2024-47764, Hono, Koa): the line reads back
//! with the same attributes, or the text is refused.

use alloc::string::{String, ToString};

use crate::cookie::{
    CookieName, CookieProfile, CookieProfileConfig, Lifetime, SameSite, SetCookie,
};

/// Every byte a `&str` can begin a character with: ASCII itself, and for each of 0x80 to 0xff
/// the two-byte character of that code point.
fn texts(before: &str, after: &str) -> impl Iterator<Item = String> {
    (0..=u8::MAX).map(move |byte| {
        let mut text = String::from(before);
        text.push(char::from(byte));
        text.push_str(after);
        text
    })
}

/// Reads the line back and compares everything but the field under test.
fn unchanged(line: &str, name: &str, value: &str, path: &str, domain: Option<&str>) {
    let read = SetCookie::read(line.as_bytes()).unwrap();
    assert_eq!(read.name, name.as_bytes(), "{line}");
    assert_eq!(read.value, value.as_bytes(), "{line}");
    assert_eq!(read.path, Some(path.as_bytes()), "{line}");
    assert_eq!(read.domain, domain.map(str::as_bytes), "{line}");
    assert_eq!(read.max_age, Some(60), "{line}");
    assert_eq!(read.same_site, Some(SameSite::Lax), "{line}");
    assert!(read.secure && read.http_only && !read.partitioned, "{line}");
    assert!(
        line.bytes().all(|byte| matches!(byte, 0x20..=0x7e)),
        "{line}"
    );
}

fn line(config: &CookieProfileConfig, value: &str) -> Option<String> {
    let profile = CookieProfile::new(config.clone()).ok()?;
    let cookie = profile.set(value, Lifetime::MaxAge(60)).ok()?;
    Some(cookie.to_string())
}

fn config() -> CookieProfileConfig {
    CookieProfileConfig {
        name: "s".into(),
        ..CookieProfileConfig::default()
    }
}

#[test]
fn name() {
    let mut written = 0;
    for name in texts("a", "b") {
        let config = CookieProfileConfig {
            name: name.clone(),
            ..config()
        };
        assert_eq!(CookieName::new(&name).is_ok(), line(&config, "v").is_some());
        if let Some(line) = line(&config, "v") {
            unchanged(&line, &name, "v", "/", None);
            written += 1;
        }
    }
    assert_eq!(written, 77); // tchar of RFC 9110
}

#[test]
fn value() {
    let mut written = 0;
    for value in texts("a", "b") {
        if let Some(line) = line(&config(), &value) {
            unchanged(&line, "s", &value, "/", None);
            written += 1;
        }
    }
    assert_eq!(written, 90); // cookie-octet: 94 visible characters less four
}

#[test]
fn path() {
    let mut written = 0;
    for path in texts("/a", "b").chain(texts("/a", "")) {
        let config = CookieProfileConfig {
            path: path.clone(),
            ..config()
        };
        if let Some(line) = line(&config, "v") {
            unchanged(&line, "s", "v", &path, None);
            written += 1;
        }
    }
    assert_eq!(written, 2 * 93); // visible characters less the semicolon
}

#[test]
fn domain() {
    let mut written = 0;
    for domain in texts("a", "b.example").chain(texts("", "a.example")) {
        let config = CookieProfileConfig {
            domain: Some(domain.clone()),
            ..config()
        };
        if let Some(line) = line(&config, "v") {
            unchanged(&line, "s", "v", "/", Some(&domain));
            written += 1;
        }
    }
    assert_eq!(written, (62 + 2) + 62); // letters, digits, inner dot and hyphen; no leading ones
}

#[test]
fn attributes_that_are_enums_take_no_text() {
    for text in texts("lax", "").chain(texts("", "lax")) {
        let json = serde_json::json!({ "same_site": text });
        assert!(
            serde_json::from_value::<CookieProfileConfig>(json).is_err(),
            "{text}"
        );
        let json = serde_json::json!({ "priority": text });
        assert!(
            serde_json::from_value::<CookieProfileConfig>(json).is_err(),
            "{text}"
        );
    }
}
