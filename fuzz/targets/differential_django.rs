//! What is read of a signed value is what the real Django reads, to the last byte of its JSON; Django reads
//! all that is written here, and what it writes is read, unless it is something that it never writes.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use miniz_oxide::deflate::compress_to_vec_zlib;
use session_codec::{policy::Limits, signing::COOKIE_SALT};
use session_fuzz::{Answer, DJANGO_KEY, Django, NOW, Stand, base64url, json_of};

thread_local! {
    static SIDES: RefCell<(Stand, Django)> =
        RefCell::new((Stand::django(), Django::start(DJANGO_KEY, COOKIE_SALT)));
}

fuzz_target!(
    |input: (u8, &str)| SIDES.with_borrow_mut(|(stand, django)| {
        let (form, text) = input;
        let signed = match form % 4 {
            0 => stand.signer.sign(text),
            1 => stand.signer.sign_at(text, NOW),
            2 => stand.signer.sign_at(&base64url(text), NOW),
            _ => {
                let zlib = compress_to_vec_zlib(text.as_bytes(), form / 4 % 11);
                stand.signer.sign_at(&format!(".{}", base64url(zlib)), NOW)
            }
        };
        let limits = Limits::default();
        let ours = stand
            .signer
            .loads(signed.as_bytes(), None, NOW, &limits, &mut stand.workspace);
        let ours = ours.map(|loaded| loaded.value.into_inner());
        match (&ours, django.loads(&signed)) {
            (Ok(json), Answer::Loaded(theirs) | Answer::Unusual(theirs)) => {
                let written = stand
                    .signer
                    .dumps(json, NOW, &mut stand.workspace)
                    .expect("it is JSON");
                assert_eq!(json_of(&written), theirs);
                let Answer::Loaded(again) = django.loads(&written) else {
                    panic!("Django does not read what is written here");
                };
                assert_eq!(again, theirs);
            }
            (Ok(_), Answer::Refused) => panic!("Django refuses {signed}"),
            (Err(reason), Answer::Loaded(_)) => panic!("Django reads {signed}: {reason}"),
            (Err(_), Answer::Unusual(_) | Answer::Refused) => {}
        }
        if let Some(theirs) = django.dumps(text) {
            let read =
                stand
                    .signer
                    .loads(theirs.as_bytes(), None, NOW, &limits, &mut stand.workspace);
            let read = read.expect("what Django writes is read").value.into_inner();
            assert_eq!(json_of(&theirs), read);
            let ours = stand.signer.dumps(text, NOW, &mut stand.workspace);
            let ours = ours.expect("Python takes it for JSON");
            assert_eq!(json_of(&ours), read);
            // Two deflate encoders may differ about what is worth compressing, not by much.
            match [&ours, &theirs].map(|text| text.starts_with('.')) {
                [false, false] => assert_eq!(ours, theirs),
                _ => assert!(ours.len() <= theirs.len() + theirs.len() / 10 + 12),
            }
        }
    })
);
