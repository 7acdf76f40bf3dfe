use alloc::{boxed::Box, rc::Rc, sync::Arc};
use core::{cell::OnceCell, time::Duration};

use session_gateway::{Platform, RequestHead, Site, device::PublicKey};
use session_store::StoreError;
use worker::{Context, Delay, Env, worker_sys};

use crate::{
    at_once::in_scope,
    data_centre::DataCentreCache,
    es256, origin,
    rows::Rows,
    settings::Settings,
    state,
    store::{AfterAnswer, Backend, OriginAddress, failed},
};

/// What one request can ask of Cloudflare's runtime. Stores are opened when they are asked for.
#[derive(Clone)]
pub(crate) struct Runtime(Rc<Inner>);

struct Inner {
    settings: Rc<Settings>,
    env: Env,
    context: Rc<Context>,
    host: String,
    /// The trace that the request belongs to.
    trace: Option<Box<str>>,
    store: OnceCell<Option<Arc<Backend>>>,
}

impl Runtime {
    /// For a request.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn of(
        env: Env,
        context: worker_sys::Context,
        head: &RequestHead<'_>,
    ) -> Result<Self, Vec<String>> {
        let settings = state::of(&env);
        let settings = settings
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(Self(Rc::new(Inner {
            settings,
            env,
            context: Rc::new(Context::new(context)),
            host: head.location.host.clone(),
            trace: head.trace().map(Into::into),
            store: OnceCell::new(),
        })))
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.0.settings.site)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where an origin keeps records, if the settings say so.
    fn origin_store(&self) -> Option<OriginAddress> {
        let address = self.0.settings.origin_store.as_ref();
        address.map(|address| address.within(self.0.trace.as_deref()))
    }

    pub(crate) fn env(&self) -> &Env {
        &self.0.env
    }

    pub(crate) fn context(&self) -> &Rc<Context> {
        &self.0.context
    }

    /// Has something done when the answer is sent.
    pub(crate) fn after_answer(&self, work: impl Future<Output = ()> + 'static) {
        self.0.context.wait_until(in_scope(Box::pin(work)));
    }
}

impl Platform for Runtime {
    type Store = Backend;
    type DataCentre = DataCentreCache;
    type Rows = Rows;

    fn store(&self) -> Result<Option<Arc<Backend>>, StoreError> {
        let Inner {
            settings,
            env,
            context,
            store,
            ..
        } = &*self.0;
        if let Some(opened) = store.get() {
            return Ok(opened.clone());
        }
        let background = AfterAnswer(Rc::clone(context));
        let opened = Backend::open(
            settings.store,
            settings.store_policy,
            self.origin_store().as_ref(),
            env,
            background,
        );
        let opened = opened.map_err(failed)?.map(Arc::new);
        Ok(store.get_or_init(|| opened).clone())
    }

    fn rows(&self) -> Result<Arc<Rows>, StoreError> {
        let rows = Rows::open(self.origin_store(), &self.0.env).map_err(failed)?;
        Ok(Arc::new(rows))
    }

    fn data_centre(&self) -> DataCentreCache {
        DataCentreCache::new(&self.0.host, Rc::clone(&self.0.context))
    }

    async fn pause(&self, time: Duration) {
        Delay::from(time).await;
    }

    async fn is_signed(
        &self,
        key: &PublicKey,
        signed: &[u8],
        signature: &[u8; 64],
    ) -> Option<bool> {
        es256::is_signed(key, signed, signature).await
    }

    async fn origin_is_up(&self) -> bool {
        origin::is_up(&self.0.settings.site.origin).await
    }
}
