//! No bytes that were not sealed here open; what verifies is refused, or a session within its limit
//! that is the same when it is sealed again.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use session_codec::SessionData;
use session_fuzz::{NOW, Stand, VERIFIES, altered, base64url, from_base64url};

thread_local! {
    static STAND: RefCell<(Stand, Vec<u8>)> = RefCell::new(genuine());
}

fn genuine() -> (Stand, Vec<u8>) {
    let mut stand = Stand::sealed();
    let data = SessionData::from_json(r#"{"user":42,"cart":[1,2,3]}"#).expect("it is JSON");
    let session = session_codec::Session::new(NOW).with_data(data);
    let (value, _) = stand.seal(&session).expect("it fits into a cookie");
    (stand, from_base64url(value).expect("base64url was written"))
}

fuzz_target!(|bytes: &[u8]| STAND.with_borrow_mut(|(stand, genuine)| {
    for value in [bytes.to_vec(), base64url(bytes).into_bytes()] {
        if let Ok(opened) = stand.codec.open_value(&value, NOW, &mut stand.workspace) {
            assert!(!VERIFIES, "a forgery opened");
            stand.check(opened, stand.codec.limits().cookie_bytes);
        }
    }
    if VERIFIES {
        let changed = altered(genuine, bytes);
        let opened =
            stand
                .codec
                .open_value(base64url(&changed).as_bytes(), NOW, &mut stand.workspace);
        assert_eq!(opened.is_ok(), changed == *genuine);
    }
}));
