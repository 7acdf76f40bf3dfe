use log::{Level, LevelFilter, Log, Metadata, Record};
use worker::{console_error, console_log, console_warn};

/// The platform's log.
struct Console;

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        match record.level() {
            Level::Error => console_error!("{}", record.args()),
            Level::Warn => console_warn!("{}", record.args()),
            Level::Info | Level::Debug | Level::Trace => console_log!("{}", record.args()),
        }
    }

    fn flush(&self) {}
}

/// Has log lines go there.
pub(crate) fn prepare() {
    if log::set_logger(&Console).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}
