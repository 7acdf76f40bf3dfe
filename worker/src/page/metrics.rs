//! `/_session/metrics`: the numbers of all isolates, or of this one, for whoever shows the token: how
//! many log in and which keys are in use is nobody else's business.

use std::sync::LazyLock;

use serde_json::{Value, json};
use session_codec::Timestamp;
use session_gateway::{
    Answer, Refusal,
    counters::{self, CONTENT_TYPE, Gauge, Series, open_metrics},
    log,
};
use session_store::StoreError;

use super::health::date;
use crate::{fleet, platform::Runtime, settings::Settings};

/// The numbers, as Prometheus reads them, or with `?hour` each minute's.
pub(super) async fn answer(runtime: &Runtime, query: &str) -> Answer {
    match query {
        "?hour" | "?hour=" | "?hour=1" => hour(runtime).await,
        _ => all(runtime).await,
    }
}

async fn all(runtime: &Runtime) -> Answer {
    let mut gauges = of_settings(runtime.settings());
    let text = if runtime.settings().sums_up {
        match fleet::sums(runtime.env()).await {
            Ok(sums) => {
                gauges.push(Gauge::of("session_isolates", ACTIVE, sums.active));
                if let Some(age) = sums.age {
                    gauges.push(Gauge::of("session_handover_age_seconds", AGE, age));
                }
                open_metrics(&Series::from(sums.all.as_str()), &gauges, None)
            }
            Err(error) => return unavailable(&error),
        }
    } else {
        open_metrics(&counters::so_far(), &gauges, Some(&ISOLATE))
    };
    Answer::new(200, CONTENT_TYPE, text)
}

/// The minutes of the last hour in which anything was handed on: of each what was counted.
async fn hour(runtime: &Runtime) -> Answer {
    if !runtime.settings().sums_up {
        return Refusal::NoSums.answer(&[]);
    }
    let minutes = match fleet::hour(runtime.env()).await {
        Ok(minutes) => minutes,
        Err(error) => return unavailable(&error),
    };
    let minutes = minutes.iter().map(|minute| {
        let series = Series::from(minute.series.as_str());
        let began = Timestamp::from_seconds(minute.minute.saturating_mul(60));
        json!({ "minute": date(began), "counted": series.totals() })
    });
    let minutes: Vec<Value> = minutes.collect();
    Answer::json(200, &json!({ "minutes": minutes }))
}

fn unavailable(error: &StoreError) -> Answer {
    log::warn("metrics-unavailable", &json!({ "reason": error.label() }));
    Refusal::Unavailable.answer(&[])
}

const ACTIVE: &str = "Isolates that have handed on numbers in two minutes";
const AGE: &str = "Time since an isolate has handed on numbers";

static ISOLATE: LazyLock<String> = LazyLock::new(fleet::isolate);

/// What the settings say that an alarm may be about.
fn of_settings(settings: &Settings) -> Vec<Gauge> {
    let ends = settings.key_ids.iter().filter_map(|(id, end)| {
        let seconds = end.as_ref()?.seconds();
        Some((format!("key=\"{id}\""), seconds.to_string()))
    });
    let ends = Gauge {
        name: "session_key_end_timestamp_seconds",
        help: "When a key ends",
        values: ends.collect(),
    };
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    let worker = Gauge {
        name: "session_worker",
        help: "The release that runs",
        values: vec![(version, "1".to_owned())],
    };
    vec![worker, ends]
}
