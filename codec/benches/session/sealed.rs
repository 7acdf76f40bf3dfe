//! The sealed envelope.

use core::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use session_codec::{Codec, Commit, Envelope, Issue, Reason, Session, Workspace, cookie::Lifetime};

use crate::{
    bare::{Bare, Members},
    fixture::{Counting, NOW, codec, forged, session_of},
    payload::FITTING,
};

pub(crate) fn benches(criterion: &mut Criterion) {
    open(criterion);
    seal(criterion);
    refuse(criterion);
}

/// The session as a cookie's value.
pub(crate) fn sealed_value(codec: &Codec, json: &str) -> String {
    let session = session_of(json);
    let commit = commit(codec, &session, &mut Counting(5), &mut Workspace::new());
    value_of(&commit)
}

pub(crate) fn commit(
    codec: &Codec,
    session: &Session,
    rng: &mut Counting,
    workspace: &mut Workspace,
) -> Commit {
    codec
        .seal(
            session,
            Issue::new(NOW, Lifetime::MaxAge(1_209_600)),
            rng,
            workspace,
        )
        .expect("a store takes what does not fit")
}

pub(crate) fn value_of(commit: &Commit) -> String {
    let line = commit.set_cookie.as_str();
    let (_, rest) = line.split_once('=').expect("name=value");
    rest.split(';').next().unwrap_or_default().to_owned()
}

fn open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sealed open");
    let codec = codec(Envelope::Sealed, 2);
    for payload in FITTING {
        let value = sealed_value(&codec, payload.json);
        let mut workspace = Workspace::new();
        group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
            bencher.iter(|| {
                let opened = codec.open_value(black_box(value.as_bytes()), NOW, &mut workspace);
                assert!(opened.is_ok());
                opened
            });
        });
        let mut bare = Bare::sealed();
        let members: Members<'_> = serde_json::from_str(payload.json).expect("payloads are JSON");
        let value = bare.seal(&members);
        group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
            bencher.iter(|| bare.open(black_box(&value)).len());
        });
    }
}

fn seal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sealed seal");
    let codec = codec(Envelope::Sealed, 2);
    for payload in FITTING {
        let session = session_of(payload.json);
        let (mut rng, mut workspace) = (Counting(1), Workspace::new());
        group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
            bencher.iter(|| commit(&codec, black_box(&session), &mut rng, &mut workspace));
        });
        let mut bare = Bare::sealed();
        let members: Members<'_> = serde_json::from_str(payload.json).expect("payloads are JSON");
        group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
            bencher.iter(|| bare.seal(black_box(&members)));
        });
    }
}

/// A last character changed, and a key that nobody has: `bare` is the AEAD's check alone.
fn refuse(criterion: &mut Criterion) {
    let codec = codec(Envelope::Sealed, 2);
    let mut workspace = Workspace::new();
    for (group, unknown_key) in [("sealed forged", false), ("sealed unknown key", true)] {
        let mut group = criterion.benchmark_group(group);
        for payload in FITTING {
            let value = sealed_value(&codec, payload.json);
            let value = if unknown_key {
                // Characters 2 to 6 spell the key's id.
                format!("{}____{}", &value[..2], &value[6..])
            } else {
                forged(&value)
            };
            group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
                bencher.iter(|| {
                    let refused =
                        codec.open_value(black_box(value.as_bytes()), NOW, &mut workspace);
                    match refused {
                        Err(Reason::UnknownKey(_)) => assert!(unknown_key),
                        Err(Reason::Forged) => assert!(!unknown_key),
                        _ => unreachable!("a forged cookie is refused as such"),
                    }
                });
            });
            let mut bare = Bare::sealed();
            let members: Members<'_> =
                serde_json::from_str(payload.json).expect("payloads are JSON");
            let value = forged(&bare.seal(&members));
            group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
                bencher.iter(|| assert!(!bare.decrypts(black_box(&value))));
            });
        }
    }
}
