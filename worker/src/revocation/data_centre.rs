use alloc::rc::Rc;

use session_codec::Timestamp;
use session_store::RecordName;
use worker::{
    Context,
    js_sys::{self, Reflect},
    wasm_bindgen::{JsCast, JsValue},
    wasm_bindgen_futures::JsFuture,
    web_sys,
};

use super::{Name, entry::Entry, known::Told};

/// What isolates of one data centre tell each other. Whatever goes wrong here is no answer: then
/// the store is asked.
pub(crate) trait DataCentre {
    fn read(&self, name: &Name) -> impl Future<Output = Option<Told>>;

    /// Nobody waits for it.
    fn write(&self, name: &Name, told: Told, seconds: i64);
}

/// Isolates that tell each other nothing.
#[cfg(test)]
impl DataCentre for () {
    async fn read(&self, _: &Name) -> Option<Told> {
        None
    }

    fn write(&self, _: &Name, _: Told, _: i64) {}
}

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

    fn url(&self, name: &Name) -> String {
        format!("{}{}", self.base, RecordName::new(*name).as_str())
    }
}

impl DataCentre for DataCentreCache {
    async fn read(&self, name: &Name) -> Option<Told> {
        let found = open().await?.match_with_str(&self.url(name));
        let response: web_sys::Response = JsFuture::from(found).await.ok()?.dyn_into().ok()?;
        let text = JsFuture::from(response.text().ok()?).await.ok()?;
        Told::read(&text.as_string()?)
    }

    fn write(&self, name: &Name, told: Told, seconds: i64) {
        let url = self.url(name);
        self.context.wait_until(async move {
            let _ = write(&url, told, seconds).await;
        });
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

/// `asked nothing`, `asked denied` or `asked until`: times in milliseconds.
impl core::fmt::Display for Told {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let asked = self.asked.millis();
        match self.entry {
            Entry::Nothing => write!(f, "{asked} nothing"),
            Entry::Until(until) => write!(f, "{asked} {}", until.millis()),
            Entry::Denied => write!(f, "{asked} denied"),
        }
    }
}

impl Told {
    fn read(text: &str) -> Option<Self> {
        let (asked, entry) = text.split_once(' ')?;
        Some(Self {
            asked: Timestamp::from_millis(asked.parse().ok()?),
            entry: match entry {
                "nothing" => Entry::Nothing,
                "denied" => Entry::Denied,
                until => Entry::Until(Timestamp::from_millis(until.parse().ok()?)),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let asked = Timestamp::from_millis(1_800_000_000_123);
        for entry in [Entry::Nothing, Entry::Denied, Entry::Until(asked)] {
            let told = Told { entry, asked };
            assert_eq!(Told::read(&told.to_string()), Some(told));
        }
        for text in ["", "1", "denied", "1 ", "x denied", "1 denie", "1 denied "] {
            assert_eq!(Told::read(text), None, "{text:?}");
        }
    }
}
