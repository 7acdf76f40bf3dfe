//! The gateway's own pages: `/_session`, and what lies below it.

mod deep;
mod health;
mod keys;
mod metrics;
mod stats;
mod warm;

use session_codec::Timestamp;
use session_gateway::{
    Answer, Concluded, DeviceFields, Gateway, Refusal, RequestHead,
    api::{needs_token, user_of},
    log, not_found,
    site::Protocol,
};
use worker::web_sys;

use crate::{body::RequestBody, platform::Runtime, store::Database, tier::Tier};

/// Answers a request for one of them: `page` is what follows `/_session` in the path.
pub(crate) async fn respond(
    page: &str,
    head: &RequestHead<'_>,
    request: web_sys::Request,
    runtime: &Runtime,
    now: Timestamp,
) -> worker::Result<Concluded<Runtime>> {
    if matches!(page, "/metrics" | "/warm" | "/stats")
        && let Err(refused) = needs_token(head, &runtime.site())
    {
        return Ok(refused.into());
    }
    let answer = match page {
        "" => {
            let gateway = Gateway::new(runtime.site(), runtime.clone(), head, now);
            return Ok(gateway.answer_session(head, RequestBody(request)).await);
        }
        device if device.starts_with("/device/") => {
            let field = |name| request.headers().get(name).ok().flatten();
            let fields = DeviceFields {
                response: field("secure-session-response"),
                identifier: field("sec-secure-session-id"),
            };
            let gateway = Gateway::new(runtime.site(), runtime.clone(), head, now);
            let page = device.strip_prefix("/device").unwrap_or_default();
            return Ok(gateway.answer_device(page, head, fields).await.into());
        }
        "/health" | "/health/" => health(head, runtime, now).await,
        "/metrics" => metrics::answer(runtime, &head.location.query).await,
        "/warm" => warm(head, runtime, now).await?,
        "/stats" => stats(runtime, now).await?,
        #[cfg(feature = "conformance")]
        "/conformance" => {
            crate::conformance::answer(&head.location, runtime.settings(), runtime.env()).await?
        }
        #[cfg(feature = "conformance")]
        "/panic" => panic!("on demand"),
        #[cfg(feature = "conformance")]
        "/failure" => return Err("on demand".into()),
        _ => not_found(),
    };
    Ok(answer.into())
}

/// Whether the settings are right, for everybody; with the token also which keys are in use, and
/// with `?deep` whether everything works.
async fn health(head: &RequestHead<'_>, runtime: &Runtime, now: Timestamp) -> Answer {
    let mut body = health::body(runtime, &head.location, now);
    let is_deep = matches!(&*head.location.query, "?deep" | "?deep=" | "?deep=1");
    match needs_token(head, &runtime.site()) {
        Ok(()) => {
            let (keys, envelopes) = keys::of(runtime, now).await;
            body["keys"] = keys.into();
            body["envelopes"] = envelopes.into();
        }
        Err(refused) if is_deep => return refused,
        Err(_) => {}
    }
    match is_deep {
        true => deep::answer(runtime, body, now).await,
        false => Answer::json(200, &body),
    }
}

/// What lies in the store, for whoever shows the token.
async fn stats(runtime: &Runtime, now: Timestamp) -> worker::Result<Answer> {
    let (settings, env) = (runtime.settings(), runtime.env());
    // The last of two is the one that keeps everything.
    let Some(tier) = settings.store.tiers().last() else {
        return Ok(Refusal::NoDatabase.answer(&[]));
    };
    let read = match tier {
        Tier::D1 => {
            let database = Database::new(env.d1(tier.binding())?);
            match settings.site.protocol {
                Protocol::Rows(_) => stats::of_rows(&database, now).await,
                _ => stats::of_records(&database, now).await,
            }
        }
        Tier::Kv => stats::of_kv(&env.kv(tier.binding())?).await,
        Tier::R2 => stats::of_bucket(&env.bucket(tier.binding())?).await,
        // Objects cannot be listed, and a server of the site's has numbers of its own.
        Tier::Object | Tier::Origin => return Ok(Refusal::NoDatabase.answer(&[])),
    };
    Ok(match read {
        Ok(stats) => Answer::json(200, &stats),
        Err(error) => {
            log::warn("stats-failed", &serde_json::json!(error.label()));
            Refusal::Unavailable.answer(&[])
        }
    })
}

/// `POST ?user=…`: what D1 has of a user goes into KV before they ask for it, for whoever shows the
/// token. Says how many records it was.
async fn warm(head: &RequestHead<'_>, runtime: &Runtime, now: Timestamp) -> worker::Result<Answer> {
    let user = match user_of(&head.location.query) {
        Ok(user) if head.method == "POST" => user,
        Ok(_) => return Ok(Refusal::Method.answer(&[])),
        Err(refusal) => return Ok(refusal.answer(&[])),
    };
    Ok(match warm::user(runtime, &user, now).await? {
        Ok(warmed) => Answer::json(200, &serde_json::json!({ "warmed": warmed })),
        Err(refusal) => refusal.answer(&[]),
    })
}
