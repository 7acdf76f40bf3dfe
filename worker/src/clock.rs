use session_codec::Timestamp;

/// The platform's time. It stands still between two waits for I/O.
pub(crate) fn now() -> Timestamp {
    // Milliseconds since 1970 fit until the year 292,000,000; a fraction is cut off.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole milliseconds are wanted"
    )]
    Timestamp::from_millis(worker::js_sys::Date::now() as i64)
}

/// The platform's own reader of dates: HTTP's and ISO 8601.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let millis = worker::js_sys::Date::parse(text);
    #[expect(clippy::cast_possible_truncation, reason = "dates end at 8.64e15 ms")]
    millis
        .is_finite()
        .then(|| Timestamp::from_millis(millis as i64))
}
