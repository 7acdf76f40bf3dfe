use alloc::sync::Arc;
use core::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use super::{Failed, tls};
use crate::clock::now;
use crate::django::DjangoSettings;
use crate::front::Front;
use crate::http::{Listener, Operator, Service, earliest};
use crate::measures::Measures;
use crate::settings::{LogFormat, Settings};
use crate::stores::{Kept, Promises};
use crate::traces::{Traces, without_spans};

/// Between two looks at a store's health.
const LOOK: Duration = Duration::from_secs(5);
/// The longest pause before a store that cannot be opened is tried again.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long requests wait for a store that is being opened.
const OPEN_TIME: Duration = Duration::from_secs(2);
/// Removed in one step of a clean-up, so that no request waits long behind it.
const BATCH: u32 = 500;
/// How long writes in the background may take once the server is to stop.
const STOP_TIME: Duration = Duration::from_secs(20);

pub(super) async fn run(settings: Settings) -> Result<(), Failed> {
    let runtime = tokio::runtime::Handle::current();
    let traces = settings.traces.as_ref();
    let traces = traces
        .map(|collector| Traces::open(collector, runtime))
        .transpose()?;
    log_lines(settings.log, traces.as_ref());
    let keys = settings.some_keys()?.to_vec();
    let measures = Arc::new(Measures::new());
    let front = Arc::new(Front::new(&settings, &measures)?);
    let django = settings
        .django
        .as_ref()
        .map(DjangoSettings::open)
        .transpose()?;
    let tls = tls::acceptor(&settings)?;
    let listener = Listener::bind(&settings.listen, tls).await?;
    let listener =
        listener.ok_or_else(|| Failed("listen is empty: 127.0.0.1:8790, say".to_owned()))?;
    let operator = Listener::bind(&settings.operator, None).await?;

    let (stop, stopped) = watch::channel(false);
    let wait = |mut stopped: watch::Receiver<bool>| async move {
        // Whoever could say so is gone, too, when the program ends.
        let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
    };
    let told = operator.as_ref().map(Listener::place);
    say_start(&settings, &listener.place(), told.as_deref());
    let (opened, open) = oneshot::channel();
    let well = tokio::spawn(keep_well(
        Arc::clone(&front),
        settings.store.to_string(),
        Arc::clone(&measures),
        opened,
    ));
    let clean = tokio::spawn(keep_clean(
        Arc::clone(&front),
        Arc::clone(&measures),
        settings.clean_seconds,
    ));

    let people = Arc::new(Operator::new(Arc::clone(&front), Arc::clone(&measures)));
    let people = operator.map(|listener| {
        let answer = move |request| {
            let people = Arc::clone(&people);
            async move { people.answer(request).await }
        };
        let clients = prometheus_client::metrics::gauge::Gauge::default();
        tokio::spawn(listener.serve(answer, OPERATORS, clients, wait(stopped.clone())))
    });
    let service = Arc::new(Service::new(
        Arc::clone(&front),
        django,
        keys,
        Arc::clone(&measures),
    ));
    let answer = move |request| {
        let service = Arc::clone(&service);
        async move { service.answer(request).await }
    };
    // Clients wait in the system's queue meanwhile: better than to be told that nothing is there.
    let _ = tokio::time::timeout(OPEN_TIME, open).await;
    let clients = measures.clients.clone();
    let serving = tokio::spawn(listener.serve(answer, settings.clients, clients, wait(stopped)));

    told_to_stop().await?;
    tracing::info!("stopping");
    // Those who wait for it are the listeners above.
    let _ = stop.send(true);
    serving.await?;
    if let Some(people) = people {
        people.await?;
    }
    well.abort();
    clean.abort();
    if tokio::time::timeout(STOP_TIME, front.behind.end())
        .await
        .is_err()
    {
        tracing::error!("stopped_in_writes");
    }
    if let Some(traces) = traces {
        tokio::task::spawn_blocking(|| traces.end()).await?;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Clients of the operator's address at once.
const OPERATORS: u32 = 16;

fn log_lines(format: LogFormat, traces: Option<&Traces>) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(without_spans(filter)))
        .with(traces.map(Traces::layer))
        .init();
}

fn say_start(settings: &Settings, at: &str, operator: Option<&str>) {
    let store = settings.store.to_string();
    let cache = settings.cache.as_ref().map(ToString::to_string);
    tracing::info!(store, cache, at, operator, "listening");
}

/// What the store cannot promise; some know that only when they are open.
fn say_lacking(store: &str, promises: Promises) {
    for (is_kept, lacking) in [
        (
            promises.keeps_heads,
            "of two changes at once the last one wins",
        ),
        (
            promises.is_durable,
            "what was confirmed may be gone when its machine crashes",
        ),
        (
            promises.never_evicts,
            "a session may be dropped before it expires",
        ),
    ] {
        if !is_kept {
            tracing::warn!(store, lacking, "promise_lacking");
        }
    }
}

/// Opens the stores as soon as that can be, and looks after them.
async fn keep_well(
    front: Arc<Front>,
    store: String,
    measures: Arc<Measures>,
    opened: oneshot::Sender<()>,
) {
    front.open_others().await;
    let mut pause = Duration::from_millis(200);
    while let Err(error) = front.open().await {
        tracing::error!(%error, "store_not_open");
        tokio::time::sleep(pause).await;
        pause = PATIENCE.min(pause * 2);
    }
    tracing::info!("store_open");
    say_lacking(&store, front.promises());
    // Whoever waited may have gone on without it.
    let _ = opened.send(());
    let mut was_well = true;
    loop {
        let (checked, _) = front.check().await;
        let is_well = checked.is_ok();
        measures.is_well.set(is_well.into());
        match checked {
            Err(error) if was_well => tracing::error!(%error, "store_unwell"),
            Ok(()) if !was_well => tracing::info!("store_well"),
            _ => {}
        }
        was_well = is_well;
        tokio::time::sleep(LOOK).await;
        front.open_others().await;
    }
}

async fn keep_clean(front: Arc<Front>, measures: Arc<Measures>, seconds: u32) {
    if seconds == 0 {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_secs(seconds.into())).await;
        loop {
            match front.store.clean(earliest(now()), BATCH).await {
                Ok(gone) => {
                    measures.cleaned.inc_by(gone);
                    if gone < u64::from(BATCH) {
                        break;
                    }
                    // Requests come first.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "clean_failed");
                    break;
                }
            }
        }
    }
}

async fn told_to_stop() -> Result<(), Failed> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
