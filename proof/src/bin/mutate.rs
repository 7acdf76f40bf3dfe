//! Opens mutated cookies: none may be accepted, and nothing may panic.
//!
//! ```text
//! cargo run --profile proof -p session-proof --bin mutate -- 1000000 [seed]
//! ```
//! Every envelope that there is, under a codec that accepts them all. What is changed is mostly what would
//! be read after the verification, spelled so that it gets that far: the reasons are counted, and a run
//! whose mutations fail before their signature is compared counts as failed.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::missing_panics_doc)]

extern crate alloc;

use alloc::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::thread;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD},
};
use rand::{Rng as _, RngExt as _, SeedableRng as _, rngs::StdRng};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, Reason, Secret, Session,
    SessionData, Timestamp, Workspace,
    config::{Acceptance, Overflow},
    cookie::{CookieHeader, CookieProfileConfig, Lifetime},
    flask::{FlaskSecret, Serializer},
};
use session_tests::{FERNET, cases};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// What the Fernet vectors are made with.
const SHARED: &str = "django-insecure-x6!q2m^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio";
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:.=";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments
        .next()
        .map_or(1_000_000, |text| text.parse().unwrap());
    let seed: u64 = arguments.next().map_or(1, |text| text.parse().unwrap());
    let genuine = genuine();
    let threads = thread::available_parallelism().map_or(1, usize::from) as u64;
    let workers: Vec<_> = (0..threads)
        .map(|thread| {
            let (genuine, share) = (
                genuine.clone(),
                count / threads + u64::from(thread < count % threads),
            );
            thread::spawn(move || mutate(&genuine, share, seed * 1_000 + thread))
        })
        .collect();
    let mut outcomes = BTreeMap::new();
    for worker in workers {
        for (outcome, times) in worker.join().unwrap() {
            *outcomes.entry(outcome).or_insert(0) += times;
        }
    }
    let of = |outcome: &str| outcomes.get(outcome).copied().unwrap_or(0_u64);
    let opened: u64 = outcomes.values().sum();
    for (outcome, times) in &outcomes {
        println!("{times:>12}  {outcome}");
    }
    let (accepted, forged) = (of("accepted"), of("forged"));
    println!(
        "{opened} mutated cookies of {} genuine ones, seed {seed}: {accepted} accepted",
        genuine.len()
    );
    // Half of them at least must have come as far as a key.
    if opened == count && accepted == 0 && forged * 2 >= opened {
        println!("1 passed");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}

fn mutate(genuine: &[Vec<u8>], count: u64, seed: u64) -> BTreeMap<String, u64> {
    let (mut rng, codec, mut workspace) = (StdRng::seed_from_u64(seed), codec(), Workspace::new());
    let known: BTreeSet<&[u8]> = genuine.iter().map(Vec::as_slice).collect();
    let mut outcomes = BTreeMap::new();
    let mut made = 0;
    while made < count {
        let cookie = mutation(genuine, &mut rng);
        if known.contains(&cookie[..]) {
            continue; // it came out as it was, or as another one
        }
        made += 1;
        let outcome = match codec.open_value(&cookie, NOW, &mut workspace) {
            Ok(_) => {
                eprintln!("accepted: {}", String::from_utf8_lossy(&cookie));
                "accepted".to_owned()
            }
            Err(Reason::Forged) => "forged".to_owned(),
            Err(reason) => format!("{reason:?}")
                .split(['(', ' '])
                .next()
                .unwrap()
                .to_owned(),
        };
        *outcomes.entry(outcome).or_insert(0) += 1;
        // Now and then the whole way, from the header on.
        if made % 64 == 0 {
            let header = [&b"a=b; __Host-s="[..], &cookie, b"; c=d"].concat();
            if let Ok(header) = CookieHeader::new(&header) {
                let opened = codec.open(&header, NOW, &mut workspace);
                assert!(!matches!(opened, session_codec::Opened::Session(_)));
            }
        }
    }
    outcomes
}

/// One genuine cookie, changed once to three times.
fn mutation(genuine: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let mut cookie = genuine[rng.random_range(0..genuine.len())].clone();
    for _ in 0..rng.random_range(1..=3) {
        if cookie.is_empty() {
            break;
        }
        let at = rng.random_range(0..cookie.len());
        match rng.random_range(0..12) {
            // What is encoded, so that it is canonical again.
            0..6 => inside(&mut cookie, rng),
            6 => cookie[at] = ALPHABET[rng.random_range(0..ALPHABET.len())],
            7 => cookie[at] ^= 1 << rng.random_range(0..8),
            8 => drop(cookie.remove(at)),
            9 => cookie.insert(at, ALPHABET[rng.random_range(0..ALPHABET.len())]),
            10 => cookie.truncate(at),
            // The beginning of one and the end of another.
            _ => {
                let other = &genuine[rng.random_range(0..genuine.len())];
                let from = rng.random_range(0..other.len());
                cookie.truncate(at);
                cookie.extend_from_slice(&other[from..]);
            }
        }
    }
    cookie
}

/// Changes a byte of one part of a cookie: what its base64 says, or of a token in a token.
fn inside(cookie: &mut Vec<u8>, rng: &mut StdRng) {
    let text = String::from_utf8_lossy(cookie).into_owned();
    let separator = if text.contains(':') { ':' } else { '.' };
    let mut parts: Vec<String> = text.split(separator).map(str::to_owned).collect();
    let at = rng.random_range(0..parts.len());
    let part = &mut parts[at];
    let token = STANDARD
        .decode(part.trim_matches('"'))
        .ok()
        .and_then(|token| URL_SAFE.decode(token).ok());
    if let Some(mut raw) = token.filter(|_| text.starts_with("Z0F") || text.starts_with("\"Z0F")) {
        change(&mut raw, rng);
        *part = STANDARD.encode(URL_SAFE.encode(raw));
    } else if let Ok(mut bytes) = URL_SAFE_NO_PAD.decode(&*part) {
        change(&mut bytes, rng);
        *part = URL_SAFE_NO_PAD.encode(bytes);
    }
    *cookie = parts.join(&separator.to_string()).into_bytes();
}

fn change(bytes: &mut Vec<u8>, rng: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    let at = rng.random_range(0..bytes.len());
    match rng.random_range(0..8) {
        0 => drop(bytes.remove(at)),
        1 => bytes.insert(at, rng.next_u32() as u8),
        2 => bytes[at] = rng.next_u32() as u8,
        _ => bytes[at] ^= 1 << rng.random_range(0..8),
    }
}

/// Cookies of every envelope, short and long, plain and compressed, with and without a ticket.
fn genuine() -> Vec<Vec<u8>> {
    let sessions = [
        r#"{"u":42}"#.to_owned(),
        format!(
            r#"{{"_auth_user_id":"42","_auth_user_hash":"{}"}}"#,
            "4bba0bfe40ae26c8".repeat(8)
        ),
        format!(r#"{{"cart":[{}0],"name":"\u00e9"}}"#, "1234,".repeat(100)),
        {
            let squares = (0..3_000_u32).map(|n| n.wrapping_mul(n).wrapping_mul(2_654_435_761));
            let long: String = squares.map(|n| format!("{n:x}")).collect();
            format!(r#"{{"a":1,"long":"{long}"}}"#)
        },
    ];
    let mut cookies = Vec::new();
    let (mut rng, mut workspace) = (StdRng::seed_from_u64(0), Workspace::new());
    for write in [Envelope::Sealed, Envelope::Django, Envelope::Flask] {
        let config = Config {
            write,
            accept: vec![Acceptance::always(write)],
            ..config()
        };
        let codec = Codec::new(config, &keys().flask(flask())).unwrap();
        for json in &sessions {
            let session = SessionData::from_json(json.clone()).unwrap();
            let issue = Issue::new(NOW, Lifetime::BrowserSession);
            let commit = codec.seal(
                &Session::new(NOW).with_data(session.clone()),
                issue,
                &mut rng,
                &mut workspace,
            );
            cookies.push(commit.unwrap().set_cookie.value().as_bytes().to_vec());
        }
    }
    let serializer = Serializer::new(&flask());
    let flask = serializer
        .dumps(r#"{" t":[1,2]}"#, NOW, &mut workspace)
        .unwrap();
    cookies.push(flask.into_bytes());
    let fernet = cases(FERNET);
    let wrapped = fernet
        .iter()
        .filter(|case| case.id().starts_with("recipe/") && case["secret_key"] == SHARED);
    cookies.extend(wrapped.map(|case| case.text("cookie").as_bytes().to_vec()));
    let codec = codec();
    let opens = |cookie: &Vec<u8>| codec.open_value(cookie, NOW, &mut Workspace::new()).is_ok();
    cookies.retain(opens);
    let kinds: BTreeSet<&str> = cookies
        .iter()
        .map(|cookie| Envelope::claimed_by(cookie).label())
        .collect();
    assert_eq!(kinds.len(), 4, "every envelope is there: {kinds:?}");
    cookies
}

fn flask() -> KeyRing<FlaskSecret> {
    KeyRing::new(FlaskSecret::new(SHARED).unwrap(), vec![]).unwrap()
}

fn keys() -> Keys {
    let django = DjangoSecret::new_allowing_weak(SHARED).unwrap();
    Keys::sealing(KeyRing::new(Secret::from_bytes([7; 32]), vec![]).unwrap())
        .django(KeyRing::new(django, vec![]).unwrap())
}

fn config() -> Config {
    Config {
        cookie: CookieProfileConfig {
            name: "__Host-s".into(),
            ..CookieProfileConfig::default()
        },
        overflow: Overflow::Spill,
        identify: true,
        idle_seconds: u32::MAX, // the vectors are old
        absolute_seconds: u32::MAX,
        ..Config::default()
    }
}

/// Accepts everything there is.
fn codec() -> Codec {
    let until = |envelope| Acceptance {
        until: Some(i64::MAX / 1_000),
        ..Acceptance::always(envelope)
    };
    let others = [Envelope::Django, Envelope::Flask, Envelope::Fernet].map(until);
    let config = Config {
        accept: [Acceptance::always(Envelope::Sealed)]
            .into_iter()
            .chain(others)
            .collect(),
        ..config()
    };
    Codec::new(config, &keys().flask(flask())).unwrap()
}
