//! Past bugs of other parsers: what was sent, and what must come of it here.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::{header, name, values, without};

/// The header, the values of `sessionid` that we see, what the origin gets.
type Case = (&'static [u8], &'static [&'static [u8]], &'static [u8]);

const CASES: &[Case] = &[
    (b"", &[], b""),
    (b"; ;;\t; ", &[], b""),
    (b"sessionid=a", &[b"a"], b""),
    (b"a=1; sessionid=x=y=z; b=2", &[b"x=y=z"], b"a=1; b=2"),
    (b"a=1;sessionid=x;b=2;", &[b"x"], b"a=1; b=2"),
    (b" \tsessionid \t=\t x \t; a = 1 ", &[b"x"], b"a = 1"),
    (b"sessionid=", &[b""], b""),
    // Never unquoted, never decoded, inner bytes as they are.
    (b"sessionid=\"x\"; a=\"b c\"", &[b"\"x\""], b"a=\"b c\""),
    (b"sessionid=%41+b; a=%3B", &[b"%41+b"], b"a=%3B"),
    (
        b"sessionid=\xff\x80; a=\xc3\xa9",
        &[b"\xff\x80"],
        b"a=\xc3\xa9",
    ),
    // Duplicates: every one is seen, none is forwarded.
    (
        b"sessionid=1; a=b; sessionid=2; sessionid=1",
        &[b"1", b"2", b"1"],
        b"a=b",
    ),
    // Another case is another cookie to us, and ours to careless servers.
    (b"SESSIONID=x; a=b", &[], b"a=b"),
    // Decoded names: Rack CVE-2020-8184, Ruby cgi CVE-2021-41819.
    (b"%73essionid=x; a=b", &[], b"a=b"),
    (b"sessionid%20=x; sessionid%00=y; a=b", &[], b"a=b"),
    // Nameless: Werkzeug CVE-2023-23934.
    (b"=sessionid=x; a=b", &[], b"a=b"),
    (b"==sessionid=x; a=b", &[], b"a=b"),
    (b"sessionid; a=b", &[], b"a=b"),
    (b"=; =x; y; a=b", &[], b"=; =x; y; a=b"),
    // "Cookie Chaos": Unicode spaces that `.strip()` removes; only SP and HTAB are blanks.
    (b"\xe2\x80\x80sessionid=x; a=b", &[], b"a=b"),
    (
        b"sessionid\xc2\x85=x; \xc2\xa0sessionid=y; a=b",
        &[],
        b"a=b",
    ),
    (
        b"\x0bsessionid=x; \x0csessionid=y; \rsessionid=z; a=b",
        &[],
        b"a=b",
    ),
    // RFC 2965 mode of Java servers, and the sandwich it allows.
    (
        b"$Version=1; sessionid=\"x\"; $Path=/",
        &[b"\"x\""],
        b"$Path=/",
    ),
    (
        b"$Version=1; a=\"b; sessionid=secret; c=\"d",
        &[b"secret"],
        b"a=\"b; c=\"d",
    ),
    (
        b"$sessionid=x; \"sessionid\"=y; 'sessionid'=z; a=b",
        &[],
        b"a=b",
    ),
    // Blank or comma as separator: Python's SimpleCookie, RFC 2109, fields joined with a comma.
    (b"a=b sessionid=x; c=d", &[], b"c=d"),
    (b"a=b, sessionid=x; c=d", &[], b"c=d"),
    // C strings.
    (b"sessionid\0=x; a=\0", &[], b"a=\0"),
    // No cookie of ours at all.
    (
        b"sessionid2=x; xsessionid=y; session=id; sessioni=d",
        &[],
        b"sessionid2=x; xsessionid=y; session=id; sessioni=d",
    ),
    (
        b"theme=sessionid; r=sessionid=x",
        &[],
        b"theme=sessionid; r=sessionid=x",
    ),
];

#[test]
fn past_bugs_of_others() {
    let ours = name("sessionid");
    for (sent, seen, forwarded) in CASES {
        let shown = sent.escape_ascii();
        assert_eq!(values(sent, "sessionid"), *seen, "{shown}");
        let left = without(sent, &[&ours]);
        assert_eq!(
            left.escape_ascii().to_string(),
            forwarded.escape_ascii().to_string(),
            "{shown}"
        );
    }
}

#[test]
fn prefixed_names_cannot_be_spoofed() {
    for sent in [
        &b"%5F_Host-x=1"[..],
        b"__%48ost-x=1",
        b"=__Host-x=1",
        b"..Host-x=1",
        b"[_Host-x=1",
        b"_ Host-x=1",
        b"\xe2\x80\x80__Host-x=1",
        b"\xe3\x80\x80__Host-x=1",
        b"\xef\xbb\xbf__Host-x=1",
        b"$__Host-x=1",
        b"__HOST-x=1",
        b"__host-X=1",
        b"a=b,__Host-x=1",
    ] {
        assert_eq!(
            values(sent, "__Host-x"),
            [&b""[..]; 0],
            "{}",
            sent.escape_ascii()
        );
        assert_eq!(
            without(sent, &[&name("__Host-x")]),
            b"",
            "{}",
            sent.escape_ascii()
        );
    }
    assert_eq!(values(b"__Host-x=1", "__Host-x"), [b"1"]);
}

#[test]
fn every_byte_around_the_name_is_ours_only_if_it_is_a_blank() {
    for byte in 0..=u8::MAX {
        for sent in [
            [&[byte], &b"sid=x"[..]].concat(),
            [&b"sid"[..], &[byte], b"=x"].concat(),
        ] {
            let seen = values(&sent, "sid");
            // `;` in front ends an empty chunk; everything else makes another name.
            let ours = match byte {
                b' ' | b'\t' => true,
                b';' => sent.starts_with(b";"),
                _ => false,
            };
            // `sid==x` is the name and the value `=x`.
            let expected: &[&[u8]] = match byte {
                b'=' if sent.starts_with(b"sid") => &[b"=x"],
                _ if ours => &[b"x"],
                _ => &[],
            };
            assert_eq!(seen, expected, "{}", sent.escape_ascii());
        }
    }
}

#[test]
fn several_names_of_ours() {
    let (edge, origin) = (name("__Host-session"), name("sessionid"));
    let sent = b"__Host-session=1; csrftoken=2; sessionid=3; Sessionid=4";
    assert_eq!(without(sent, &[&edge, &origin]), b"csrftoken=2");
    assert_eq!(
        without(sent, &[&edge]),
        b"csrftoken=2; sessionid=3; Sessionid=4"
    );
    assert_eq!(without(sent, &[]), sent);
}

#[test]
fn appends_behind_what_is_there() {
    let mut out = b"sessionid=rebuilt".to_vec();
    header(b"a=1; sessionid=x; b=2").write_without(&[&name("sessionid")], &mut out);
    assert_eq!(out, b"sessionid=rebuilt; a=1; b=2");
    let mut out = b"sessionid=rebuilt".to_vec();
    header(b"sessionid=x").write_without(&[&name("sessionid")], &mut out);
    assert_eq!(out, b"sessionid=rebuilt");
}

#[test]
fn fields_joined_with_semicolons_read_as_one() {
    let fields = [&b"a=1; sessionid=x"[..], b"b=2", b"sessionid=y"];
    let joined = fields.join(&b"; "[..]);
    assert_eq!(values(&joined, "sessionid"), [b"x", b"y"]);
    let pairs: Vec<_> = header(&joined)
        .cookies()
        .map(|c| (c.name, c.value))
        .collect();
    let alone: Vec<_> = fields
        .iter()
        .flat_map(|field| header(field).cookies().map(|c| (c.name, c.value)))
        .collect();
    assert_eq!(pairs, alone);
}
