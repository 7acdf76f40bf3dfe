use alloc::rc::Rc;
use core::cell::{OnceCell, RefCell};

use session_codec::Workspace;
use worker::{
    Env, js_sys,
    wasm_bindgen::{JsCast, JsValue},
};

use crate::{
    clock,
    gate::Siblings,
    origin,
    settings::{Problem, Settings},
};

type Outcome = Result<Rc<Settings>, Rc<[Problem]>>;

thread_local! {
    /// Bindings do not change while an isolate lives, so they are read once.
    static STATE: OnceCell<Outcome> = const { OnceCell::new() };
    static SIBLINGS: RefCell<Siblings> = RefCell::default();
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::new());
}

/// The settings, or everything that is wrong with them.
pub(crate) fn of(env: &Env) -> Outcome {
    STATE.with(|state| {
        let read = || {
            let binding = |name: &str| text(&js_sys::Reflect::get(env, &name.into()).ok()?);
            let has_store = |tier| crate::store::has_binding(env, tier);
            let names = js_sys::Object::keys(env.unchecked_ref::<js_sys::Object>());
            let names: Vec<String> = names.iter().filter_map(|name| name.as_string()).collect();
            let mut settings = Settings::read(binding, &names, has_store, clock::parse);
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

/// Lends the isolate's buffers and compressor. Never across an await.
pub(crate) fn with_workspace<T>(work: impl FnOnce(&mut Workspace) -> T) -> T {
    WORKSPACE.with_borrow_mut(work)
}

/// Lends what the isolate remembers of records without heads. Never across an await.
pub(crate) fn with_siblings<T>(work: impl FnOnce(&mut Siblings) -> T) -> T {
    SIBLINGS.with_borrow_mut(work)
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
