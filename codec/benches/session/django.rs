//! Django's signed cookies.

use core::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion};
use session_codec::{
    Envelope, Workspace,
    policy::Limits,
    signing::{COOKIE_SALT, Signer},
};

use crate::{
    bare::{Bare, Members},
    fixture::{Counting, NOW, codec, django_ring, forged, session_of},
    payload::{FITTING, L, M, S, X},
    sealed::{commit, value_of},
};

const MAX_AGE: Option<Duration> = Some(Duration::from_secs(1_209_600));

pub(crate) fn benches(criterion: &mut Criterion) {
    dumps(criterion);
    loads(criterion);
    codec_seal(criterion);
    codec_open(criterion);
    refuse(criterion);
}

fn dumps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("django dumps");
    let signer = Signer::new(COOKIE_SALT, &django_ring(0, 0));
    for payload in [S, M, L, X] {
        let mut workspace = Workspace::new();
        group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
            bencher.iter(|| signer.dumps(black_box(payload.json), NOW, &mut workspace));
        });
        let mut bare = Bare::django(0);
        group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
            bencher.iter(|| bare.dumps(black_box(payload.json)));
        });
    }
}

/// With fallbacks, what the oldest of the keys has signed.
fn loads(criterion: &mut Criterion) {
    for fallbacks in [0, 2] {
        let mut group = criterion.benchmark_group(match fallbacks {
            0 => "django loads",
            _ => "django loads, 2 fallbacks",
        });
        let signer = Signer::new(COOKIE_SALT, &django_ring(0, fallbacks));
        let oldest = Signer::new(COOKIE_SALT, &django_ring(fallbacks, 0));
        for payload in [S, M, L, X] {
            let mut workspace = Workspace::new();
            let signed = oldest
                .dumps(payload.json, NOW, &mut workspace)
                .expect("payloads are JSON");
            let limits = Limits::default();
            group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
                bencher.iter(|| {
                    let signed = black_box(signed.as_bytes());
                    let loaded = signer.loads(signed, MAX_AGE, NOW, &limits, &mut workspace);
                    assert!(loaded.is_ok());
                    loaded
                });
            });
            let mut bare = Bare::django(fallbacks);
            group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
                bencher.iter(|| bare.unsign(black_box(&signed)).len());
            });
        }
    }
}

fn codec_seal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("django seal");
    let codec = codec(Envelope::Django, 0);
    for payload in FITTING {
        let session = session_of(payload.json);
        let (mut rng, mut workspace) = (Counting(1), Workspace::new());
        group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
            bencher.iter(|| commit(&codec, black_box(&session), &mut rng, &mut workspace));
        });
        let mut bare = Bare::django(0);
        let members: Members<'_> = serde_json::from_str(payload.json).expect("payloads are JSON");
        group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
            bencher.iter(|| bare.sign(black_box(&members)));
        });
    }
}

fn codec_open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("django open");
    let codec = codec(Envelope::Django, 0);
    for payload in FITTING {
        let session = session_of(payload.json);
        let mut workspace = Workspace::new();
        let value = value_of(&commit(&codec, &session, &mut Counting(1), &mut workspace));
        group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
            bencher.iter(|| {
                let opened = codec.open_value(black_box(value.as_bytes()), NOW, &mut workspace);
                assert!(opened.is_ok());
                opened
            });
        });
        let mut bare = Bare::django(0);
        group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
            bencher.iter(|| bare.unsign(black_box(&value)).len());
        });
    }
}

fn refuse(criterion: &mut Criterion) {
    for fallbacks in [0, 2] {
        let mut group = criterion.benchmark_group(match fallbacks {
            0 => "django forged",
            _ => "django forged, 2 fallbacks",
        });
        let codec = codec(Envelope::Django, fallbacks);
        for payload in FITTING {
            let session = session_of(payload.json);
            let mut workspace = Workspace::new();
            let sealed = commit(&codec, &session, &mut Counting(1), &mut workspace);
            let value = forged(&value_of(&sealed));
            group.bench_function(BenchmarkId::new("codec", payload.name), |bencher| {
                bencher.iter(|| {
                    let value = black_box(value.as_bytes());
                    assert!(codec.open_value(value, NOW, &mut workspace).is_err());
                });
            });
            let bare = Bare::django(fallbacks);
            group.bench_function(BenchmarkId::new("bare", payload.name), |bencher| {
                bencher.iter(|| assert!(!bare.verifies(black_box(&value))));
            });
        }
    }
}
