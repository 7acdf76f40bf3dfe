//! No record that was not sealed here opens, even under its own digest; one that is refused leaves the
//! session as it was, and a frame of a store reads back as it was written.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use session_codec::{SessionData, Timestamp};
use session_fuzz::{NOW, Stand, VERIFIES, base64url};
use session_store::{Framed, Record, StoredRecord};
use sha2::{Digest as _, Sha256};

/// Version and id of the key of the stand.
const HEAD: [u8; 5] = [1, 0x92, 0xa1, 0x91, 0xb5];

thread_local! {
    static STAND: RefCell<Stand> = RefCell::new(Stand::django());
}

fuzz_target!(|bytes: &[u8]| {
    STAND.with_borrow_mut(|stand| {
    frame(bytes);
    let whole = [&HEAD[..], &[0; 24], bytes, &[0; 16]].concat();
    for record in [bytes, &whole] {
        // A ticket for just this record, in a cookie whose signature is right.
        let digest = &Sha256::digest(record)[..16];
        let ticket = [&HEAD[1..], &[9; 16], &[0, 0, 0, 1], digest].concat();
        let json = format!(
            r#"{{"a":1,"b":{{"c":[2]}},"_edge_ticket":"{}","_edge_ends":{{"b":1800000001,"d":5}}}}"#,
            base64url(ticket)
        );
        let signed = stand.signer.dumps(&json, NOW, &mut stand.workspace).expect("it is JSON");
        let opened = stand.codec.open_value(signed.as_bytes(), NOW, &mut stand.workspace);
        let mut opened = opened.expect("it was signed here");
        let before = opened.session().to_json();
        assert_eq!(before, r#"{"a":1,"b":{"c":[2]}}"#);
        let lineage = opened.lineage().clone();
        match stand.codec.open_record(&mut opened, record, &mut stand.workspace) {
            Ok(()) => {
                assert!(!VERIFIES, "a forgery opened");
                let merged = opened.session().to_json();
                let again = SessionData::from_json(merged.clone()).expect("a session is JSON");
                assert_eq!(again.len(), opened.session().len(), "every key stands once");
                assert_eq!(again.to_json(), merged);
            }
            Err(_) => {
                assert_eq!(opened.session().to_json(), before);
                assert_eq!(*opened.lineage(), lineage);
                assert!(opened.ticket().is_some());
            }
        }
    }
})
});

fn frame(bytes: &[u8]) {
    if let Framed::Live(kept) = Framed::read(bytes.to_vec(), NOW) {
        assert_eq!(kept.record.bytes(), &bytes[8..]);
        assert!(kept.expires > NOW);
    }
    if let Ok(record) = Record::new(bytes.to_vec()) {
        let expires = Timestamp::from_seconds(NOW.seconds() + 1);
        let framed = Framed::write(&record, expires);
        let live = Framed::Live(StoredRecord { record, expires });
        assert!(Framed::read(framed.clone(), NOW) == live);
        assert!(Framed::read(framed, expires) == Framed::Expired);
    }
}
