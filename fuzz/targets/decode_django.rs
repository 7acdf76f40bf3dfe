//! No text that was not signed here opens; what verifies is refused, or a session within its limit
//! that is the same when it is signed again.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use session_codec::Workspace;
use session_fuzz::{NOW, Stand, VERIFIES, json_of};

thread_local! {
    static STAND: RefCell<Stand> = RefCell::new(Stand::django());
}

fuzz_target!(|bytes: &[u8]| STAND.with_borrow_mut(|stand| {
    let limits = *stand.codec.limits();
    if let Ok(opened) = stand.codec.open_value(bytes, NOW, &mut stand.workspace) {
        assert!(!VERIFIES, "a forgery opened");
        stand.check(opened, limits.cookie_bytes);
    }
    if let Ok(opened) = stand
        .codec
        .open_origin_cookie(bytes, NOW, &mut stand.workspace)
    {
        assert!(!VERIFIES, "a forgery opened");
        stand.check(opened, limits.record_bytes);
    }
    // The same bytes as a payload under a good signature.
    let Ok(payload) = str::from_utf8(bytes) else {
        return;
    };
    let signed = stand.signer.sign_at(payload, NOW);
    let opened = stand
        .codec
        .open_value(signed.as_bytes(), NOW, &mut stand.workspace);
    let loaded = stand
        .signer
        .loads(signed.as_bytes(), None, NOW, &limits, &mut stand.workspace);
    if let Ok(loaded) = &loaded {
        assert!(loaded.value.is_ascii() && loaded.value.len() <= limits.record_bytes);
        let spelled = |json: &str| {
            let signed = stand.signer.dumps(json, NOW, &mut Workspace::new());
            json_of(&signed.expect("it was read as JSON"))
        };
        let once = spelled(&loaded.value);
        assert_eq!(
            spelled(&once),
            once,
            "Python's spelling is spelled again as it is"
        );
    }
    if let Ok(opened) = opened {
        assert!(loaded.is_ok(), "a session is a value");
        stand.check(opened, limits.cookie_bytes);
    }
}));
