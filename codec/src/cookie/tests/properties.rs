//! Properties over generated headers and profiles.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as vec_of;
use proptest::prelude::*;

use super::{header, name, profile, values, without};
use crate::cookie::{CookieHeader, CookieProfileConfig, Lifetime, SameSite, SetCookie};

/// Bytes that matter to parsers, far more often than chance would bring them.
fn crafted() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        vec_of(any::<u8>(), 0..4),
        prop::sample::select(vec![
            &b"sid"[..],
            b"SID",
            b"=",
            b"; ",
            b";",
            b" ",
            b",",
            b"%",
            b"%73",
            b"%3d",
            b"\"",
            b"$",
            b"$Version",
            b"\xe2\x80\x80",
            b"\0",
            b"\t",
            b"s",
            b"id",
            b".",
            b"a=b",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    vec_of(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A cookie that nobody could take for `sid`.
fn foreign() -> impl Strategy<Value = Vec<u8>> {
    (
        "[a-rt-z][A-Za-z0-9_.-]{0,8}",
        "[!#-+./:<>-\\[\\]-~A-Za-z0-9=]{0,20}",
    )
        .prop_map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat())
}

/// `sid` in disguise.
fn look_alike() -> impl Strategy<Value = Vec<u8>> {
    let noise = || {
        vec_of(
            prop_oneof![
                0x80..=0xff_u8,
                0x01..=0x1f_u8,
                Just(b'"'),
                Just(b'\''),
                Just(b'$'),
                Just(b' ')
            ],
            0..4,
        )
    };
    let letter = |letter: u8| {
        prop::sample::select(vec![
            vec![letter],
            vec![letter.to_ascii_uppercase()],
            alloc::format!("%{letter:02x}").into_bytes(),
            alloc::format!("%{letter:02X}").into_bytes(),
        ])
    };
    let name = (letter(b's'), letter(b'i'), letter(b'd')).prop_map(|(s, i, d)| [s, i, d].concat());
    let equals = prop::sample::select(vec![&b""[..], b"=", b"=="]);
    let value = prop::sample::select(vec![&b"=x"[..], b"=", b"", b" = y"]);
    (equals, noise(), name, noise(), value).prop_map(|(equals, before, name, after, value)| {
        [equals, &before[..], &name[..], &after[..], value].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_bytes_panic(sent in crafted()) {
        let sid = name("sid");
        let out = without(&sent, &[&sid]);
        prop_assert!(values(&out, "sid").is_empty());
        // What is kept is a subsequence of the chunks sent, byte by byte.
        let pairs = |bytes: &[u8]| -> Vec<(Vec<u8>, Vec<u8>)> {
            header(bytes).cookies().map(|c| (c.name.to_vec(), c.value.to_vec())).collect()
        };
        let all = pairs(&sent);
        let mut rest = all.iter();
        for kept in pairs(&out) {
            prop_assert!(rest.any(|cookie| *cookie == kept));
        }
        // Nothing is left for a second pass.
        prop_assert_eq!(without(&out, &[&sid]), out);
        let _ = SetCookie::read(&sent);
    }

    #[test]
    fn foreign_cookies_pass_unchanged_and_disguised_ones_never(
        cookies in vec_of(prop_oneof![
            foreign().prop_map(|c| (true, c)),
            look_alike().prop_map(|c| (false, c)),
        ], 0..20),
        separator in prop::sample::select(vec![&b";"[..], b"; ", b" ;\t", b";; "]),
    ) {
        let join = |only_foreign: bool, by: &[u8]| {
            let kept = cookies.iter().filter(|(foreign, _)| *foreign || !only_foreign);
            kept.map(|(_, cookie)| &cookie[..]).collect::<Vec<_>>().join(by)
        };
        let sent = join(false, separator);
        prop_assert_eq!(without(&sent, &[&name("sid")]), join(true, b"; "));
    }

    #[test]
    fn what_we_set_browsers_and_we_read_back(
        cookie_name in "[!#%&'*+.^_`|~0-9A-Za-z-]{1,255}",
        value in "[!#-+.-:<-\\[\\]-~-]{0,3840}",
        path in "/[!-:<-~]{0,100}",
        domain in prop::option::of("[a-z0-9]{1,63}(\\.[a-z][a-z0-9]{0,20}){1,3}"),
        seconds in any::<u64>(),
        (http_only, partitioned) in any::<(bool, bool)>(),
        same_site in prop::sample::select(vec![SameSite::Strict, SameSite::Lax, SameSite::None_]),
    ) {
        let profile = profile(CookieProfileConfig {
            name: cookie_name.clone(), same_site, secure: true, http_only, path: path.clone(),
            domain: domain.clone(), partitioned, priority: None,
        });
        let cookie = profile.set(&value, Lifetime::MaxAge(seconds)).unwrap();
        let removal = profile.remove();
        for (line, value, max_age) in [
            (cookie.as_str(), &value[..], Some(seconds.clamp(1, 34_560_000).cast_signed())),
            (removal.as_str(), "", Some(0)),
        ] {
            let read = SetCookie::read(line.as_bytes()).unwrap();
            prop_assert_eq!(read.name, cookie_name.as_bytes());
            prop_assert_eq!(read.value, value.as_bytes());
            prop_assert_eq!(read.max_age, max_age);
            prop_assert_eq!(read.path, Some(path.as_bytes()));
            prop_assert_eq!(read.domain, domain.as_deref().map(str::as_bytes));
            prop_assert_eq!(read.same_site, Some(same_site));
            prop_assert!(read.secure);
            prop_assert_eq!((read.http_only, read.partitioned), (http_only, partitioned));
            prop_assert_eq!(read.expires.is_some(), value.is_empty() && max_age == Some(0));
            prop_assert!(profile.is_set_by(&read, "/any/where"));
        }
        // And what a browser then sends is found.
        let pair = cookie.as_str().split(';').next().unwrap();
        prop_assert_eq!(values(pair.as_bytes(), &cookie_name), [value.as_bytes()]);
        prop_assert_eq!(without(pair.as_bytes(), &[profile.name()]), b"");
    }

    #[test]
    fn lines_that_were_joined_come_apart_as_they_were(
        lines in vec_of(
            ("[!#$%&*+.0-9A-Za-z_-]{1,8}", "[!-:<-~]{0,20}", prop::sample::select(vec![
                "; Path=/",
                ";Secure",
                "; expires=Thu, 01 Jan 2037 00:00:00 GMT; HttpOnly",
                "; Max-Age=5; Expires=Thu,01-Jan-2037 00:00:00 GMT",
            ])).prop_map(|(name, value, attributes)| alloc::format!("{name}={value}{attributes}")),
            1..6,
        ),
        comma in prop::sample::select(vec![",", ", ", " ,\t"]),
        crafted in crafted(),
    ) {
        let joined = lines.join(comma);
        let apart: Vec<&[u8]> = SetCookie::lines(joined.as_bytes()).collect();
        prop_assert_eq!(apart, lines.iter().map(String::as_bytes).collect::<Vec<_>>());
        // And nothing of what is no line at all is lost but commas and blanks.
        let kept: usize = SetCookie::lines(&crafted).map(<[u8]>::len).sum();
        let blank = |byte: &&u8| matches!(byte, b',' | b' ' | b'\t');
        prop_assert!(kept + crafted.iter().filter(blank).count() >= crafted.len());
    }

    #[test]
    fn refused_values_are_exactly_those_with_other_bytes(value in any::<String>()) {
        let profile = profile(CookieProfileConfig::default());
        let clean = value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte));
        prop_assert_eq!(profile.set(&value, Lifetime::BrowserSession).is_ok(), clean);
    }

    #[test]
    fn only_the_length_is_judged_before_reading(length in 0_usize..300_000) {
        let sent = vec![b'x'; length];
        prop_assert_eq!(CookieHeader::new(&sent).is_ok(), length <= 131_072);
    }
}
