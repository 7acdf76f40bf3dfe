//! A ticket is met by the record it was written for and by no other; one that nobody wrote names nothing
//! that is accepted.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use session_codec::Reason;
use session_fuzz::{NOW, Stand, VERIFIES, altered, base64url};

thread_local! {
    static STAND: RefCell<Bench> = RefCell::new(Bench::new());
}

struct Bench {
    sealed: Stand,
    django: Stand,
    cookie: String,
    record: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        let mut sealed = Stand::sealed();
        let (cookie, record) = sealed.spilled();
        let django = Stand::django();
        Self {
            sealed,
            django,
            cookie,
            record,
        }
    }
}

fuzz_target!(|bytes: &[u8]| STAND.with_borrow_mut(
    |Bench {
         sealed,
         django,
         cookie,
         record,
     }| {
        let mut opened = sealed
            .codec
            .open_value(cookie.as_bytes(), NOW, &mut sealed.workspace)
            .expect("it was sealed here");
        let before = opened.session().to_json();
        for other in [bytes.to_vec(), altered(record, bytes)] {
            if other == *record {
                continue;
            }
            let merged = sealed
                .codec
                .open_record(&mut opened, &other, &mut sealed.workspace);
            assert_eq!(merged, Err(Reason::WrongRecord));
            assert_eq!(opened.session().to_json(), before);
        }
        // As a ticket inside an envelope: of the sealed one in a build that verifies nothing,
        let mut inner = vec![0x10, 0x6b, 0x49, 0xd2, 0x00];
        inner.extend_from_slice(bytes);
        let head = [&[1, 0x92, 0xa1, 0x91, 0xb5][..], &[0; 24]].concat();
        let raw = [&head[..], &inner, &[0; 16]].concat();
        let value = base64url(&raw);
        if let Ok(mut opened) =
            sealed
                .codec
                .open_value(value.as_bytes(), NOW, &mut sealed.workspace)
        {
            assert!(!VERIFIES, "a forgery opened");
            assert!(opened.ticket().is_some() && sealed.codec.record_name(&opened).is_some());
            // The digest of the ticket is the fuzzer's guess.
            let merged = sealed
                .codec
                .open_record(&mut opened, record, &mut sealed.workspace);
            assert_eq!(merged, Err(Reason::WrongRecord));
        }
        // and of Django's in either build, where it is a text.
        for text in [
            base64url(bytes),
            String::from_utf8_lossy(bytes).into_owned(),
        ] {
            let Ok(text) = serde_json::to_string(&text) else {
                continue;
            };
            let json = format!(r#"{{"a":1,"_edge_ticket":{text}}}"#);
            let signed = django
                .signer
                .dumps(&json, NOW, &mut django.workspace)
                .expect("it is JSON");
            let opened = django
                .codec
                .open_value(signed.as_bytes(), NOW, &mut django.workspace);
            if let Ok(mut opened) = opened
                && opened.ticket().is_some()
            {
                assert_eq!(opened.session().to_json(), r#"{"a":1}"#);
                let merged = django
                    .codec
                    .open_record(&mut opened, bytes, &mut django.workspace);
                assert_eq!(merged, Err(Reason::WrongRecord));
            }
        }
    }
));
