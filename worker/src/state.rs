use alloc::rc::Rc;
use core::cell::OnceCell;

use worker::{
    Env, js_sys,
    wasm_bindgen::{JsCast, JsValue},
    web_sys,
};

use crate::{
    clock, origin,
    settings::{Parsers, Problem, Settings},
};

type Outcome = Result<Rc<Settings>, Rc<[Problem]>>;

thread_local! {
    /// Bindings do not change while an isolate lives, so they are read once.
    static STATE: OnceCell<Outcome> = const { OnceCell::new() };
}

const PARSERS: Parsers = Parsers {
    date: clock::parse,
    url_origin: |text| Some(web_sys::Url::new(text).ok()?.origin()),
};

/// The settings, or everything that is wrong with them.
pub(crate) fn of(env: &Env) -> Outcome {
    STATE.with(|state| {
        let read = || {
            let has_store = |tier| crate::store::has_binding(env, tier);
            let binding = |name: &str| binding(env, name);
            let mut settings = Settings::read(binding, || names(env), has_store, PARSERS);
            if !origin::can_pass_caches() {
                let reason = "before 2024-11-11, and so what is fetched with a session could come \
                              out of the platform's cache";
                let problem = Problem::new("compatibility_date", reason);
                let mut problems = settings.err().unwrap_or_default();
                problems.push(problem);
                settings = Err(problems);
            }
            settings.map(Rc::new).map_err(Rc::from)
        };
        state.get_or_init(read).clone()
    })
}

/// What is right by itself in the settings of these bindings and hardly works as meant.
pub(crate) fn warnings(settings: &Settings, env: &Env) -> Vec<Problem> {
    settings.warnings(|name| binding(env, name), &names(env))
}

fn binding(env: &Env, name: &str) -> Option<String> {
    text(&js_sys::Reflect::get(env, &name.into()).ok()?)
}

/// The names of all bindings.
fn names(env: &Env) -> Vec<String> {
    let names = js_sys::Object::keys(env.unchecked_ref::<js_sys::Object>());
    names.iter().filter_map(|name| name.as_string()).collect()
}

/// A text binding as it is; another value (a number, a table in `wrangler.toml`) as JSON.
fn text(binding: &JsValue) -> Option<String> {
    if binding.is_undefined()
        || binding.is_null()
        || binding.dyn_ref::<js_sys::Function>().is_some()
    {
        return None;
    }
    binding
        .as_string()
        .or_else(|| js_sys::JSON::stringify(binding).ok()?.as_string())
}
