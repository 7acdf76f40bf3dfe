//! A session that no cookie holds: what stays, what is spilled, and how it returns.

use core::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use session_codec::{Envelope, Issue, StoreOp, Timestamp, Workspace, cookie::Lifetime};

use crate::{
    bare::{Bare, Members},
    fixture::{Counting, NOW, codec, session_of},
    payload::{X, with_keys},
    sealed::{commit, value_of},
};

/// Into how many keys the session is cut; 0 leaves it as it is (13 keys, the longest half of it).
const KEYS: [usize; 4] = [0, 30, 200, 1000];

pub(crate) fn benches(criterion: &mut Criterion) {
    for (group, envelope) in [
        ("fit sealed", Envelope::Sealed),
        ("fit django", Envelope::Django),
    ] {
        fit(criterion, group, envelope);
    }
    origin_cookie(criterion);
    open_record(criterion);
}

fn cut(keys: usize) -> (String, String) {
    match keys {
        0 => ("x".into(), X.json.to_owned()),
        _ => (format!("x in {keys} keys"), with_keys(X.json, keys)),
    }
}

/// `bare` is one plain seal of the whole session, which no browser would keep.
fn fit(criterion: &mut Criterion, group: &str, envelope: Envelope) {
    let mut group = criterion.benchmark_group(group);
    let codec = codec(envelope, 2);
    for (name, json) in KEYS.map(cut) {
        let session = session_of(&json);
        let (mut rng, mut workspace) = (Counting(1), Workspace::new());
        group.bench_function(BenchmarkId::new("codec", &name), |bencher| {
            bencher.iter(|| {
                let commit = commit(&codec, black_box(&session), &mut rng, &mut workspace);
                assert!(!commit.placement.is_all_in_cookie());
                commit
            });
        });
        let members: Members<'_> = serde_json::from_str(&json).expect("payloads are JSON");
        match envelope {
            Envelope::Sealed => {
                let mut bare = Bare::sealed();
                group.bench_function(BenchmarkId::new("bare", &name), |bencher| {
                    bencher.iter(|| bare.seal(black_box(&members)));
                });
            }
            Envelope::Django => {
                let mut bare = Bare::django(0);
                group.bench_function(BenchmarkId::new("bare", &name), |bencher| {
                    bencher.iter(|| bare.sign(black_box(&members)));
                });
            }
            other => unreachable!("{} is not measured", other.label()),
        }
    }
}

/// What the origin gets and sends, whatever a browser would keep.
fn origin_cookie(criterion: &mut Criterion) {
    let codec = codec(Envelope::Sealed, 0);
    let session = session_of(X.json);
    let members: Members<'_> = serde_json::from_str(X.json).expect("payloads are JSON");
    let (mut workspace, mut bare) = (Workspace::new(), Bare::django(0));
    let mut group = criterion.benchmark_group("origin cookie made");
    group.bench_function(BenchmarkId::new("codec", X.name), |bencher| {
        bencher.iter(|| codec.origin_cookie(black_box(&session), NOW, &mut workspace));
    });
    group.bench_function(BenchmarkId::new("bare", X.name), |bencher| {
        bencher.iter(|| bare.sign(black_box(&members)));
    });
    group.finish();
    let value = codec
        .origin_cookie(&session, NOW, &mut workspace)
        .expect("there is a Django secret");
    let mut group = criterion.benchmark_group("origin cookie read");
    group.bench_function(BenchmarkId::new("codec", X.name), |bencher| {
        bencher.iter(|| {
            let opened = codec.open_origin_cookie(black_box(value.as_bytes()), NOW, &mut workspace);
            assert!(opened.is_ok());
            opened
        });
    });
    group.bench_function(BenchmarkId::new("bare", X.name), |bencher| {
        bencher.iter(|| bare.unsign(black_box(&value)).len());
    });
}

/// A cookie with a ticket and its record, opened and joined; `bare` opens the whole session as
/// one sealed text.
fn open_record(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cookie and record opened");
    let codec = codec(Envelope::Sealed, 2);
    for (name, json) in KEYS.map(cut) {
        let session = session_of(&json);
        let mut workspace = Workspace::new();
        let commit = codec
            .seal(
                &session,
                Issue::new(NOW, Lifetime::BrowserSession),
                &mut Counting(1),
                &mut workspace,
            )
            .expect("a store takes what does not fit");
        let value = value_of(&commit);
        let Some(StoreOp::Put { record, .. }) = commit.store_ops.first() else {
            unreachable!("the session does not fit a cookie");
        };
        let open = |now: Timestamp, workspace: &mut Workspace| {
            let mut opened = codec.open_value(black_box(value.as_bytes()), now, workspace)?;
            codec.open_record(&mut opened, black_box(record), workspace)?;
            Ok::<_, session_codec::Reason>(opened)
        };
        let whole = open(NOW, &mut workspace).expect("just sealed");
        assert!(
            *whole.session() == session,
            "spilled keys return to their places"
        );
        group.bench_function(BenchmarkId::new("codec", &name), |bencher| {
            bencher.iter(|| {
                let opened = open(NOW, &mut workspace);
                assert!(opened.is_ok());
                opened
            });
        });
        let members: Members<'_> = serde_json::from_str(&json).expect("payloads are JSON");
        let mut bare = Bare::sealed();
        let value = bare.seal(&members);
        group.bench_function(BenchmarkId::new("bare", &name), |bencher| {
            bencher.iter(|| bare.open(black_box(&value)).len());
        });
    }
}
