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
