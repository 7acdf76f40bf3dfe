//! What the shell calls: once when a request comes, once when the origin has answered.

use alloc::boxed::Box;
use core::pin::Pin;

use serde_json::json;
use session_gateway::{
    Answer, Concluded, Decision, Gateway, Outcome, REQUEST_FIELDS, RESPONSE_FIELDS, RequestHead,
    ResponseHead, Scope, TELLING_FIELDS, Unanswered, counters, failed, log, misconfigured,
    no_address,
};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{
    Env, ScheduleContext, ScheduledEvent, event, wasm_bindgen::JsValue,
    wasm_bindgen_futures::future_to_promise, web_sys, worker_sys,
};

use crate::{
    at_once::{AtOnce, at_once},
    clock, console, fleet, last_resort, page,
    platform::Runtime,
    request_log, state, sweep,
    wire::{self, Garbled},
};

/// The header fields whose values a request's head has, in this order, with commas between them.
#[wasm_bindgen(js_name = requestFields)]
#[must_use]
pub fn request_fields() -> String {
    let fields = REQUEST_FIELDS.into_iter().chain([wire::CLIENT]);
    fields.collect::<Vec<_>>().join(",")
}

/// The same for an answer's head.
#[wasm_bindgen(js_name = responseFields)]
#[must_use]
pub fn response_fields() -> String {
    RESPONSE_FIELDS.join(",")
}

/// The header fields without which the answer to a request that is plain goes on as it is.
#[wasm_bindgen(js_name = tellingFields)]
#[must_use]
pub fn telling_fields() -> String {
    TELLING_FIELDS.join(",")
}

/// Decides a request by its head: the text of a decision, or an `Exchange` that has it, or a promise
/// of one of them where a store has to be waited for. The request itself is for the body of one to
/// `/_session`.
#[wasm_bindgen]
#[must_use]
pub fn inbound(
    head: String,
    request: web_sys::Request,
    env: Env,
    context: worker_sys::Context,
) -> JsValue {
    prepare();
    soon(async move {
        let Ok(head) = wire::request(&head) else {
            return text(&no_address());
        };
        Scope::of(&head).enter();
        match Runtime::of(env, context, &head) {
            Ok(runtime) => decide(&head, request, runtime).await,
            Err(problems) => text(&misconfigured(&head.location.path, &problems)),
        }
    })
}

async fn decide(head: &RequestHead<'_>, request: web_sys::Request, runtime: Runtime) -> JsValue {
    let now = clock::now();
    let gateway = Gateway::new(runtime.site(), runtime.clone(), head, now);
    let decision = gateway.decide(head).await;
    decision.count();
    fleet::request(&runtime, now);
    let logs_requests = runtime.settings().logs_requests;
    match decision {
        Decision::Answer(answer) => {
            if logs_requests {
                request_log::answered("here", answer.status);
            }
            text(&answer)
        }
        Decision::Own(page) => {
            // Code of its own, which is compiled when it is first run: most requests are for the origin.
            let response: Pin<Box<dyn Future<Output = _> + '_>> =
                Box::pin(page::respond(&page, head, request, &runtime, now));
            match response.await {
                Ok(concluded) => {
                    if logs_requests && let Outcome::Answer(answer) = &concluded.outcome {
                        request_log::answered("page", answer.status);
                    }
                    conclude(concluded, &runtime)
                }
                Err(error) => {
                    log::error("request-failed", &json!(error.to_string()));
                    text(&failed(&head.location.path))
                }
            }
        }
        Decision::Forward(forward, exchange) => {
            let decision = wire::forward(&forward);
            if exchange.is_plain() && !logs_requests {
                return decision.into();
            }
            let exchange = Exchange {
                decision,
                exchange: *exchange,
                runtime,
                scope: Scope::current(),
            };
            exchange.into()
        }
    }
}

/// A request whose origin is being asked.
#[wasm_bindgen]
pub struct Exchange {
    decision: String,
    exchange: session_gateway::Exchange<Runtime>,
    runtime: Runtime,
    scope: Scope,
}

#[wasm_bindgen]
impl Exchange {
    /// The text of the decision, once.
    #[wasm_bindgen(js_name = takeDecision)]
    #[must_use]
    pub fn take_decision(&mut self) -> String {
        core::mem::take(&mut self.decision)
    }

    /// Decides the origin's answer by its head: a text, or the promise of one.
    #[must_use]
    pub fn outbound(self, answer: String) -> JsValue {
        soon(async move { self.conclude(answered(&answer)).await })
    }

    /// What is answered if the origin does not: `status` is one that is none, or 0.
    #[must_use]
    pub fn unanswered(self, status: u16, reason: String) -> JsValue {
        soon(async move { self.conclude(Err(unanswered(status, reason))).await })
    }
}

impl Exchange {
    async fn conclude(self, answered: Result<ResponseHead<'_>, Unanswered>) -> JsValue {
        let Self {
            exchange,
            runtime,
            scope,
            ..
        } = self;
        scope.enter();
        let line = runtime.settings().logs_requests;
        let line = line.then(|| (exchange.about(), answered.as_ref().ok().map(|it| it.status)));
        let concluded = exchange.conclude(answered).await;
        if let Some((about, status)) = line {
            request_log::forwarded(about, status, &concluded.outcome);
        }
        conclude(concluded, &runtime)
    }
}

/// [`Exchange::outbound`] for a request that had nothing of a session with it, so that nothing of
/// it was kept: its head says all.
#[wasm_bindgen(js_name = outboundPlain)]
#[must_use]
pub fn outbound_plain(
    head: String,
    answer: String,
    env: Env,
    context: worker_sys::Context,
) -> JsValue {
    soon(async move {
        match again(&head, env, context).await {
            Some(exchange) => exchange.conclude(answered(&answer)).await,
            None => text(&failed("")),
        }
    })
}

/// [`Exchange::unanswered`] for a request that had nothing of a session with it.
#[wasm_bindgen(js_name = unansweredPlain)]
#[must_use]
pub fn unanswered_plain(
    head: String,
    status: u16,
    reason: String,
    env: Env,
    context: worker_sys::Context,
) -> JsValue {
    soon(async move {
        match again(&head, env, context).await {
            Some(exchange) => exchange.conclude(Err(unanswered(status, reason))).await,
            None => text(&failed("")),
        }
    })
}

/// The exchange of a request that was decided before; `None` only if it is not the same one.
async fn again(head: &str, env: Env, context: worker_sys::Context) -> Option<Exchange> {
    let head = wire::request(head).ok()?;
    Scope::of(&head).enter();
    let runtime = Runtime::of(env, context, &head).ok()?;
    let gateway = Gateway::new(runtime.site(), runtime.clone(), &head, clock::now());
    match gateway.decide(&head).await {
        Decision::Forward(_, exchange) => Some(Exchange {
            decision: String::new(),
            exchange: *exchange,
            runtime,
            scope: Scope::current(),
        }),
        Decision::Answer(_) | Decision::Own(_) => None,
    }
}

fn answered(text: &str) -> Result<ResponseHead<'_>, Unanswered> {
    wire::response(text).map_err(|Garbled| unanswered(0, "no head".to_owned()))
}

fn unanswered(status: u16, reason: String) -> Unanswered {
    match status {
        0 => Unanswered::Unreachable(reason),
        status => Unanswered::NoStatus(status),
    }
}

fn conclude(concluded: Concluded<Runtime>, runtime: &Runtime) -> JsValue {
    if let Some(afterwards) = concluded.afterwards {
        runtime.after_answer(afterwards.run());
    }
    JsValue::from(wire::outcome(&concluded.outcome))
}

fn text(answer: &Answer) -> JsValue {
    JsValue::from(wire::answer(answer))
}

/// What a future comes to, or the promise of it if that takes time.
fn soon(work: impl Future<Output = JsValue> + 'static) -> JsValue {
    or_promise(Box::pin(work))
}

/// The same for work of one type, so that it is compiled once.
fn or_promise(work: Pin<Box<dyn Future<Output = JsValue>>>) -> JsValue {
    match at_once(work) {
        AtOnce::Now(value) => value,
        AtOnce::Later(later) => future_to_promise(async move { Ok(later.await) }).into(),
    }
}

/// The cron trigger.
#[event(scheduled)]
async fn scheduled(_: ScheduledEvent, env: Env, _: ScheduleContext) {
    prepare();
    match state::of(&env) {
        Ok(state) => sweep::run(&state, &env).await,
        Err(_) => log::warn("sweep-failed", &json!("misconfigured")),
    }
}

/// The origin was asked a second time, its connection having died.
#[wasm_bindgen(js_name = originAskedAgain)]
pub fn origin_asked_again(is_answered: bool) {
    counters::origin_asked_again(if is_answered { "ok" } else { "unreachable" });
}

fn prepare() {
    last_resort::prepare();
    console::prepare();
}
