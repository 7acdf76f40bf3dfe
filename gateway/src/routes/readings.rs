//! What a server may take a path for.
//!
//! Servers, frameworks and proxies decode a path once or twice, resolve its dots before or after
//! that, cut parameters off, merge slashes, and every one of them in an order of its own. A rule
//! that knows one reading is got round by another: so here are all of them.

/// Every text that some server may take a path for.
pub(crate) enum Readings<'p> {
    /// Nobody reads it in another way than it is written: nearly every path.
    Plain(&'p [u8]),
    /// These.
    Several(Vec<Vec<u8>>),
    /// More than anybody writes but to get round a rule.
    TooMany,
}

/// The most texts of one path. An address with escapes has two, one with parameters, repeated
/// slashes and a dot at its end as well has sixteen.
const MAX_TEXTS: usize = 64;
/// The most bytes of all texts of one path: what a client can have us do is bounded.
const MAX_BYTES: usize = 128 << 10;

type Step = fn(&[u8]) -> Vec<u8>;

/// What servers do to a path. Each step may come after any other and more than once.
const STEPS: [Step; 9] = [
    decode,
    shorten_overlong,
    turn_backslashes,
    cut_parameters,
    resolve_dots,
    merge_slashes,
    drop_controls,
    cut_behind_end,
    trim_segments,
];

impl<'p> Readings<'p> {
    /// Of a path as it came, or as a step has left it.
    pub(crate) fn of(path: &'p [u8]) -> Self {
        if is_plain(path) {
            return Self::Plain(path);
        }
        let mut texts = vec![path.to_vec()];
        let mut bytes = path.len();
        let mut unread = vec![path.to_vec()];
        while let Some(text) = unread.pop() {
            for step in STEPS {
                let next = step(&text);
                if texts.contains(&next) {
                    continue;
                }
                bytes += next.len();
                if texts.len() == MAX_TEXTS || bytes > MAX_BYTES {
                    return Self::TooMany;
                }
                texts.push(next.clone());
                unread.push(next);
            }
        }
        Self::Several(texts)
    }

    /// Of the text of a rule: as it is written, and decoded.
    pub(super) fn of_prefix(path: &[u8]) -> [Vec<u8>; 2] {
        [path.to_vec(), decode(path)]
    }

    /// The texts; none of a path that has too many.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let (one, several) = match self {
            Self::Plain(path) => (Some(*path), None),
            Self::Several(texts) => (None, Some(texts)),
            Self::TooMany => (None, None),
        };
        let several = several.into_iter().flatten().map(Vec::as_slice);
        one.into_iter().chain(several)
    }
}

/// Whether no step changes anything.
fn is_plain(path: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"/_-.~!$&'()*+,:=@".contains(byte);
    let is_odd_pair = |pair: &[u8]| matches!(pair, b"//" | b"/." | b"./");
    path.iter().all(is_letter) && !path.windows(2).any(is_odd_pair) && !path.ends_with(b".")
}

/// Percent-decodes once; what is not an escape stays. `%u002f` is what IIS takes for one.
fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, behind)) = rest.split_first() {
        let escape = match rest {
            [b'%', b'u' | b'U', b'0', b'0', high, low, behind @ ..] => escape(*high, *low)
                .filter(u8::is_ascii)
                .map(|byte| (byte, behind)),
            [b'%', high, low, behind @ ..] => escape(*high, *low).map(|byte| (byte, behind)),
            _ => None,
        };
        let (byte, behind) = escape.unwrap_or((first, behind));
        decoded.push(byte);
        rest = behind;
    }
    decoded
}

fn escape(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (high, low) = (digit(high)?, digit(low)?);
    u8::try_from(high * 16 + low).ok()
}

/// ASCII in more bytes than it takes, which is no UTF-8, and which old decoders read nevertheless:
/// `%c0%af` is a slash.
fn shorten_overlong(path: &[u8]) -> Vec<u8> {
    let mut short = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, behind)) = rest.split_first() {
        let (byte, behind) = match rest {
            [lead @ 0xc0..=0xc1, last @ 0x80..=0xbf, behind @ ..]
            | [0xe0, lead @ 0x80..=0x81, last @ 0x80..=0xbf, behind @ ..]
            | [
                0xf0,
                0x80,
                lead @ 0x80..=0x81,
                last @ 0x80..=0xbf,
                behind @ ..,
            ] => ((lead & 1) << 6 | last & 0x3f, behind),
            _ => (first, behind),
        };
        short.push(byte);
        rest = behind;
    }
    short
}

fn turn_backslashes(path: &[u8]) -> Vec<u8> {
    let turn = |byte: &u8| if *byte == b'\\' { b'/' } else { *byte };
    path.iter().map(turn).collect()
}

/// What stands behind `;` in a segment: Java's servers and others take it for parameters.
fn cut_parameters(path: &[u8]) -> Vec<u8> {
    by_segment(path, |segment| {
        segment.split(|byte| *byte == b';').next().unwrap_or(&[])
    })
}

/// Dots and blanks at the end of a segment, which Windows does not see.
fn trim_segments(path: &[u8]) -> Vec<u8> {
    by_segment(path, |segment| {
        let end = |is_cut: fn(u8) -> bool| segment.iter().rposition(|byte| !is_cut(*byte));
        let end = end(|byte| matches!(byte, b'.' | b' ')).or_else(|| end(|byte| byte == b' '));
        segment.get(..=end.unwrap_or_default()).unwrap_or(segment)
    })
}

fn by_segment(path: &[u8], change: impl Fn(&[u8]) -> &[u8]) -> Vec<u8> {
    let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').map(change).collect();
    segments.join(&b'/')
}

/// RFC 3986 5.2.4.
fn resolve_dots(path: &[u8]) -> Vec<u8> {
    let mut resolved: Vec<&[u8]> = Vec::new();
    let mut segments = path.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            b"." => {}
            b".." => {
                // The first one stands before the slash at the beginning.
                if resolved.len() > 1 {
                    resolved.pop();
                }
            }
            _ => {
                resolved.push(segment);
                continue;
            }
        }
        if segments.peek().is_none() {
            resolved.push(&[]);
        }
    }
    resolved.join(&b'/')
}

fn merge_slashes(path: &[u8]) -> Vec<u8> {
    let mut merged = path.to_vec();
    merged.dedup_by(|next, before| *next == b'/' && *before == b'/');
    merged
}

fn drop_controls(path: &[u8]) -> Vec<u8> {
    let is_kept = |byte: &u8| !byte.is_ascii_control();
    path.iter().copied().filter(is_kept).collect()
}

/// What stands behind the end of the text for a C library, or of the path for who looks for its
/// end after decoding.
fn cut_behind_end(path: &[u8]) -> Vec<u8> {
    let is_end = |byte: &u8| matches!(byte, b'\0' | b'?' | b'#' | b'\r' | b'\n');
    path.split(is_end).next().unwrap_or(&[]).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_as(path: &str, text: &str) -> bool {
        let readings = Readings::of(path.as_bytes());
        readings.texts().any(|reading| reading == text.as_bytes())
    }

    #[test]
    fn every_order_of_the_steps_is_a_reading() {
        for path in [
            "/account/",
            "/%61ccount/",
            "/%2561ccount/",
            "/%252561ccount/",
            "//account/",
            "/x/..%2faccount/",
            "/x/%2e%2e%2faccount/",
            "/.%2faccount/",
            "/x/..%5caccount/",
            "/x/..%255caccount/",
            "/account;x/",
            "/account;x=%2f/",
            "/acc%6funt;%2fx/",
            "/x/..;/account/",
            "/x/..;a=b%2faccount/",
            "/x%3b/..;/account/",
            "/x/.%00./account/",
            "/acc%00ount/",
            "/account/y/..%00z",
            "/account/y/..%3fz",
            "/x/..%c0%afaccount/",
            "/x/%c0%ae%c0%ae/account/",
            "/x/%e0%80%ae.%f0%80%80%afaccount/",
            "/x/..%u002faccount/",
            "/account./",
            "/account%20/",
            "/x/..%20/account/",
            "/%09/account/",
        ] {
            assert!(reads_as(path, "/account/"), "{path}");
        }
        for path in [
            "/accounts/",
            "/account",
            "/x/account/",
            "/%",
            "/%6",
            "/%zzaccount/",
            "/...",
            "/account%u1f2f",
        ] {
            assert!(!reads_as(path, "/account/"), "{path}");
        }
    }

    #[test]
    fn a_plain_path_is_one_that_no_step_changes() {
        for path in ["/", "/static/app.1f2e.css", "/a/b_c-d~e", "/@user:1,2+3"] {
            assert!(matches!(Readings::of(path.as_bytes()), Readings::Plain(_)));
            for step in STEPS {
                assert_eq!(step(path.as_bytes()), path.as_bytes());
            }
        }
    }

    #[test]
    fn dots_are_resolved_as_in_the_standard() {
        for (path, resolved) in [
            ("/a/b/c/./../../g", "/a/g"),
            ("/../a", "/a"),
            ("/a/..", "/"),
            ("/a/.", "/a/"),
            ("/..", "/"),
            ("/a//../b", "/a/b"),
        ] {
            assert_eq!(resolve_dots(path.as_bytes()), resolved.as_bytes(), "{path}");
        }
    }

    #[test]
    fn the_work_is_bounded() {
        for path in [
            format!("/{}41", "%25".repeat(5000)),
            format!("/%{}41", "25".repeat(5000)),
            format!("/{}", "%61;//%5c..%00".repeat(1000)),
            format!("/a%62{}", "/".repeat(100_000)),
        ] {
            let readings = Readings::of(path.as_bytes());
            let bytes: usize = readings.texts().map(<[u8]>::len).sum();
            assert!(bytes <= MAX_BYTES && readings.texts().count() <= MAX_TEXTS);
        }
        let deep = format!("/%{}41", "25".repeat(5000));
        assert!(matches!(Readings::of(deep.as_bytes()), Readings::TooMany));
    }
}
