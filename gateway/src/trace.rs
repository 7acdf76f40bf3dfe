//! Traces as the W3C has them (Trace Context, level 1). One that a request belongs to goes on with
//! it, untouched; here one is begun.

use core::fmt::Write as _;

use rand_core::TryRng as _;

use crate::entropy::Entropy;

/// `traceparent` of a new trace that is to be recorded; `None` without randomness.
pub(crate) fn begin() -> Option<String> {
    let mut ids = [0; 24];
    Entropy.try_fill_bytes(&mut ids).ok()?;
    let (trace, span) = ids.split_at(16);
    let mut text = String::with_capacity(55);
    text.push_str("00-");
    write_hex(&mut text, trace);
    text.push('-');
    write_hex(&mut text, span);
    text.push_str("-01");
    Some(text)
}

fn write_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // A String never fails.
        let _ = write!(text, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_begun_as_it_is_written_and_another_each_time() {
        let (one, other) = (begin().unwrap(), begin().unwrap());
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [2, 32, 16, 2]);
        assert!(one.starts_with("00-") && one.ends_with("-01"));
    }
}
