//! No client can change a Django cookie: every bit flipped, every byte taken out, every truncation.

use session_codec::{
    Reason,
    signing::{COOKIE_SALT, ROW_SALT, Signer},
};
use session_tests::{SIGNED_COOKIES, Tally, cases};

use crate::{
    django::{loads, now, ring, signer},
    platform::test,
};

/// One text of each kind: short, with all of the structure, compressed.
const CASES: [&str; 3] = ["empty", "auth", "cart-5"];

#[test]
fn every_change_is_refused() {
    let mut tally = Tally::default();
    for case in cases(SIGNED_COOKIES) {
        if !CASES.contains(&case.id()) {
            continue;
        }
        let signer = signer(&case, COOKIE_SALT);
        let refused = |cookie: &[u8]| {
            let outcome = signer.unsign_at(cookie, None, now(&case)).map(drop);
            assert_eq!(outcome, Err(Reason::Forged), "{}: {cookie:?}", case.id());
        };
        let good = case.text("cookie");
        assert!(loads(&signer, good, None, now(&case)).is_ok());
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut changed = good.as_bytes().to_vec();
                changed[at] ^= 1 << bit;
                refused(&changed);
            }
            refused(&good.as_bytes()[..at]);
            refused(&good.as_bytes()[at + 1..]);
            refused(&[&good.as_bytes()[..at], &good.as_bytes()[at + 1..]].concat());
        }
        for byte in 0..=255 {
            refused(&[good.as_bytes(), &[byte]].concat());
            refused(&[&[byte], good.as_bytes()].concat());
        }
        let row = Signer::new(ROW_SALT, &ring(&case).unwrap());
        let as_row = row.unsign_at(good.as_bytes(), None, now(&case)).map(drop);
        assert_eq!(as_row, Err(Reason::Forged), "a cookie is no row");
        tally.count("every change refused", case.id());
    }
    tally.expect(&[("every change refused", CASES.len())]);
}
