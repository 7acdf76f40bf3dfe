//! What is set is read back with the same name, value and attributes, whatever is configured; what is
//! read of an origin's line is part of the line, and no control character.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use session_codec::cookie::{
    CookiePriority, CookieProfile, CookieProfileConfig, Lifetime, SameSite, SetCookie,
};

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    line: &'a [u8],
    name: &'a str,
    value: &'a str,
    path: &'a str,
    domain: Option<&'a str>,
    flags: [bool; 3],
    same_site: u8,
    priority: u8,
    max_age: Option<u64>,
}

fuzz_target!(|input: Input<'_>| {
    read(input.line);
    let [secure, http_only, partitioned] = input.flags;
    let config = CookieProfileConfig {
        name: input.name.into(),
        same_site: [SameSite::Strict, SameSite::Lax, SameSite::None_]
            [usize::from(input.same_site % 3)],
        secure,
        http_only,
        path: input.path.into(),
        domain: input.domain.map(Into::into),
        partitioned,
        priority: [None, Some(CookiePriority::Low), Some(CookiePriority::High)]
            [usize::from(input.priority % 3)],
    };
    let Ok(profile) = CookieProfile::new(config.clone()) else {
        return;
    };
    let removal = profile.remove();
    check(&config, removal.as_str(), "", Some(0));
    let lifetime = input
        .max_age
        .map_or(Lifetime::BrowserSession, Lifetime::MaxAge);
    if let Ok(cookie) = profile.set(input.value, lifetime) {
        assert_eq!(cookie.value(), input.value);
        let seconds = |age: u64| age.clamp(1, Lifetime::MAX_SECONDS).cast_signed();
        check(
            &config,
            cookie.as_str(),
            input.value,
            input.max_age.map(seconds),
        );
    }
});

fn check(config: &CookieProfileConfig, line: &str, value: &str, max_age: Option<i64>) {
    let read = SetCookie::read(line.as_bytes()).expect("what is written is read");
    assert_eq!(read.name, config.name.as_bytes());
    assert_eq!(read.value, value.as_bytes());
    assert_eq!(read.max_age, max_age);
    assert_eq!(read.path, Some(config.path.as_bytes()));
    assert_eq!(read.domain, config.domain.as_deref().map(str::as_bytes));
    assert_eq!(read.same_site, Some(config.same_site));
    let flags = (read.secure, read.http_only, read.partitioned);
    assert_eq!(flags, (config.secure, config.http_only, config.partitioned));
}

fn read(line: &[u8]) {
    let Ok(read) = SetCookie::read(line) else {
        return;
    };
    assert!(!read.name.is_empty());
    let parts = [
        Some(read.name),
        Some(read.value),
        read.path,
        read.domain,
        read.expires,
    ];
    for part in parts.into_iter().flatten() {
        assert!(
            part.iter()
                .all(|byte| !byte.is_ascii_control() || *byte == b'\t')
        );
        assert!(!part.contains(&b';'));
        assert!(part.is_empty() || line.windows(part.len()).any(|window| window == part));
    }
}
