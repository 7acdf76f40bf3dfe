//! A compressed payload inflates to what another inflater makes of it, never to more than the limit
//! allows, and what is exactly as long as the limit is still read.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use miniz_oxide::{
    deflate::compress_to_vec_zlib,
    inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit},
};
use session_codec::{Reason, policy::Limits};
use session_fuzz::{NOW, Stand, base64url};

/// Bytes a payload may inflate to here.
const LIMIT: usize = 5_000;

thread_local! {
    static STAND: RefCell<Stand> = RefCell::new(Stand::django());
}

fn load(stand: &mut Stand, zlib: &[u8]) -> Result<String, Reason> {
    let limits = Limits {
        record_bytes: LIMIT,
        ..Limits::default()
    };
    let signed = stand.signer.sign_at(&format!(".{}", base64url(zlib)), NOW);
    let loaded = stand
        .signer
        .loads(signed.as_bytes(), None, NOW, &limits, &mut stand.workspace);
    loaded.map(|loaded| loaded.value.into_inner())
}

fuzz_target!(|bytes: &[u8]| STAND.with_borrow_mut(|stand| {
    let theirs = decompress_to_vec_zlib_with_limit(bytes, LIMIT);
    match load(stand, bytes) {
        Ok(json) => assert_eq!(theirs.as_deref().ok(), Some(json.as_bytes())),
        Err(Reason::TooLarge) => {
            let error = theirs.expect_err("it is within the limit");
            assert!(
                matches!(error.status, TINFLStatus::HasMoreOutput),
                "{error}"
            );
        }
        Err(_) => {}
    }
    // The same bytes as a text of hexadecimal digits, repeated: from nothing to a bomb.
    let Some((&times, text)) = bytes.split_first() else {
        return;
    };
    let text: String = text
        .iter()
        .take(64)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let json = format!("\"{}\"", text.repeat(usize::from(times)));
    let loaded = load(stand, &compress_to_vec_zlib(json.as_bytes(), times % 11));
    match json.len() <= LIMIT {
        true => assert_eq!(loaded.as_deref(), Ok(json.as_str())),
        false => assert_eq!(loaded, Err(Reason::TooLarge)),
    }
}));
