use alloc::{boxed::Box, rc::Rc};

use session_codec::StoreName;
use session_gateway::{DataCentre, Told};
use worker::{
    Context,
    js_sys::{self, Reflect},
    wasm_bindgen::{JsCast, JsValue},
    wasm_bindgen_futures::JsFuture,
    web_sys,
};

use crate::at_once::Work;

/// The platform's Cache API, in a cache of its own: no request of a visitor is answered from it.
#[derive(Clone)]
pub(crate) struct DataCentreCache {
    /// Names lie below it; the host is the Worker's own, as the platform wants it.
    base: Rc<str>,
    context: Rc<Context>,
}

/// The cache's name.
const CACHE: &str = "edge-session";

impl DataCentreCache {
    pub(crate) fn new(host: &str, context: Rc<Context>) -> Self {
        Self {
            base: format!("https://{host}/_session/revocations/").into(),
            context,
        }
    }

    fn url(&self, name: &StoreName) -> String {
        format!("{}{name}", self.base)
    }
}

impl DataCentre for DataCentreCache {
    async fn read(&self, name: &StoreName) -> Option<Told> {
        let found = open().await?.match_with_str(&self.url(name));
        let response: web_sys::Response = JsFuture::from(found).await.ok()?.dyn_into().ok()?;
        let text = JsFuture::from(response.text().ok()?).await.ok()?;
        Told::read(&text.as_string()?)
    }

    fn write(&self, name: &StoreName, told: Told, seconds: i64) {
        let url = self.url(name);
        let work: Work = Box::pin(async move {
            let _ = write(&url, told, seconds).await;
        });
        self.context.wait_until(work);
    }
}

async fn write(url: &str, told: Told, seconds: i64) -> Option<()> {
    let headers = web_sys::Headers::new().ok()?;
    let lifetime = format!("max-age={seconds}");
    headers.set("cache-control", &lifetime).ok()?;
    let init = web_sys::ResponseInit::new();
    init.set_headers(&headers);
    let text = told.to_string();
    let response = web_sys::Response::new_with_opt_str_and_init(Some(&text), &init).ok()?;
    let put = open().await?.put_with_str(url, &response);
    JsFuture::from(put).await.ok().map(drop)
}

/// `None` where the runtime has no Cache API.
async fn open() -> Option<web_sys::Cache> {
    let caches = Reflect::get(&js_sys::global(), &JsValue::from_str("caches")).ok()?;
    let caches: web_sys::CacheStorage = caches.dyn_into().ok()?;
    let cache = JsFuture::from(caches.open(CACHE)).await.ok()?;
    cache.dyn_into().ok()
}
