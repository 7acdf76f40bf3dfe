//! `/_session/health?deep`: whether everything that the Worker needs works, asked of each, for a
//! monitor that shows the token. Bounded in time, remembered for a while, one at a time.

mod parts;

use core::{
    cell::{Cell, RefCell},
    time::Duration,
};

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use session_codec::Timestamp;
use session_gateway::{
    Answer,
    site::{Protocol, Revocation},
};
use session_store::together;

use crate::{clock, platform::Runtime, store::within, tier::Tier};

/// For all of it.
const PATIENCE: Duration = Duration::from_millis(1900);
/// For how long an answer is good for others who ask.
const FRESH_MILLIS: i64 = 10_000;

/// What a part of the whole is like.
struct Check {
    name: String,
    /// What is wrong, and what to do.
    problem: Option<(String, &'static str)>,
    millis: i64,
}

type Checked = Result<(), (String, &'static str)>;

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(Last { at: None, answer: None, began: None }) };
}

struct Last {
    at: Option<Timestamp>,
    answer: Option<(u16, Value)>,
    /// When the one that is under way began.
    began: Option<Timestamp>,
}

/// What there is to say beside `health`, which are the settings'.
pub(super) async fn answer(runtime: &Runtime, health: Value, now: Timestamp) -> Answer {
    let is_within = |at: Option<Timestamp>, millis| {
        at.is_some_and(|at| (0..millis).contains(&now.millis_since(at)))
    };
    let known = LAST.with_borrow_mut(|last| {
        let is_fresh = is_within(last.at, FRESH_MILLIS);
        let is_asked = is_within(last.began, FRESH_MILLIS);
        if is_fresh || (is_asked && last.answer.is_some()) {
            return last.answer.clone();
        }
        if is_asked {
            let body = json!({ "status": "asking", "message": "others are asking: try again" });
            return Some((503, body));
        }
        last.began = Some(now);
        None
    });
    if let Some((status, body)) = known {
        return Answer::json(status, &body);
    }
    let ended = Cell::new(None);
    let checks = checks(runtime, &ended, now).await;
    let is_good = checks.iter().all(|check| check.problem.is_none());
    let mut body = health;
    body["status"] = json!(if is_good { "ok" } else { "failing" });
    body["checked"] = json!(super::health::date(now));
    body["revocation_seen_millis"] = json!(ended.get());
    body["checks"] = checks.iter().map(shown).collect();
    let status = if is_good { 200 } else { 503 };
    LAST.with_borrow_mut(|last| {
        *last = Last {
            at: Some(now),
            answer: Some((status, body.clone())),
            began: None,
        };
    });
    Answer::json(status, &body)
}

fn shown(check: &Check) -> Value {
    match &check.problem {
        None => json!({ "check": check.name, "ok": true, "millis": check.millis }),
        Some((problem, cure)) => json!({
            "check": check.name,
            "ok": false,
            "millis": check.millis,
            "problem": problem,
            "cure": cure,
        }),
    }
}

/// All checks; into `ended` goes after how many milliseconds an end was seen.
async fn checks(runtime: &Runtime, ended: &Cell<Option<i64>>, now: Timestamp) -> Vec<Check> {
    let settings = runtime.settings();
    let is_rows = matches!(settings.site.protocol, Protocol::Rows(_));
    let mut asked: Vec<(String, LocalBoxFuture<'_, Checked>)> = Vec::new();
    if is_rows {
        asked.push(("rows".to_owned(), Box::pin(parts::rows(runtime, now))));
    }
    for tier in settings.store.tiers() {
        if tier == Tier::D1 {
            asked.push((
                "d1-tables".to_owned(),
                Box::pin(parts::tables(runtime, is_rows, now)),
            ));
        }
        if !is_rows {
            let name = format!("store-{}", tier.label());
            asked.push((name, Box::pin(parts::store(runtime, tier, now))));
        }
    }
    if settings.site.revocation > Revocation::None {
        let seen = parts::revocation(runtime, ended, now);
        asked.push(("revocation".to_owned(), Box::pin(seen)));
    }
    if settings.sums_up {
        asked.push(("metrics-object".to_owned(), Box::pin(parts::sums(runtime))));
    }
    asked.push(("origin".to_owned(), Box::pin(parts::site(runtime, now))));
    together(asked.into_iter().map(async |(name, ask)| {
        let began = clock::now();
        let answered = within(PATIENCE, async { Ok(ask.await) }).await;
        let late = || {
            (
                "no answer in time".to_owned(),
                "look at what it depends on, and at its limits",
            )
        };
        Check {
            name,
            problem: answered.unwrap_or_else(|_| Err(late())).err(),
            millis: clock::now().millis_since(began),
        }
    }))
    .await
}
