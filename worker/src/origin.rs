//! The origin, as far as it is asked from here: the shell sends visitors' requests.

use core::{pin::pin, time::Duration};

use futures_util::future::{Either, select};
use session_gateway::site::Origin;
use worker::{Delay, js_sys, wasm_bindgen::JsCast, wasm_bindgen_futures::JsFuture, web_sys};

/// What an origin said to a request without anything of a visitor's.
pub(crate) struct Said {
    pub(crate) status: u16,
    /// Its clock.
    pub(crate) date: Option<String>,
}

/// Whether the origin answers at all.
pub(crate) async fn is_up(origin: &Origin) -> bool {
    // Cloudflare says 52x for an origin that does not.
    let said = ask(origin).await;
    said.is_ok_and(|said| !(520..530).contains(&said.status))
}

/// Asks the origin for its first page, without anything of a visitor's.
///
/// # Errors
/// Why it does not answer.
pub(crate) async fn ask(origin: &Origin) -> Result<Said, String> {
    /// A visitor waits for it.
    const PATIENCE: Duration = Duration::from_secs(2);
    let init = web_sys::RequestInit::new();
    init.set_method("HEAD");
    init.set_redirect(web_sys::RequestRedirect::Manual);
    // A cache would answer for a site that is down.
    past_caches(&init);
    let worker: web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    let answer = worker.fetch_with_str_and_init(&format!("{}/", origin.as_str()), &init);
    match select(JsFuture::from(answer), pin!(Delay::from(PATIENCE))).await {
        Either::Left((Ok(answer), _)) => {
            let answer: web_sys::Response = answer.unchecked_into();
            Ok(Said {
                status: answer.status(),
                date: answer.headers().get("date").ok().flatten(),
            })
        }
        Either::Left((Err(error), _)) => Err(worker::Error::from(error).to_string()),
        Either::Right(_) => Err("no answer in time".to_owned()),
    }
}

/// The platform keeps what a Worker fetches in the zone's cache, by URL, whatever `Cookie` and
/// `Vary` say, for files of some endings also without a word of the origin's: one visitor's answer
/// would be the next one's.
fn past_caches(init: &web_sys::RequestInit) {
    init.set_cache(web_sys::RequestCache::NoStore);
}

/// Whether the runtime knows how to fetch past its cache: with old compatibility dates it does not.
pub(crate) fn can_pass_caches() -> bool {
    let init = web_sys::RequestInit::new();
    past_caches(&init);
    web_sys::Request::new_with_str_and_init("https://origin.invalid/", &init).is_ok()
}
