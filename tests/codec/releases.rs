//! A cookie written by each release must still open, with its record.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::{
    Codec, Config, KeyRing, Keys, Secret, Timestamp, Workspace, config::Overflow,
    cookie::CookieProfileConfig,
};
use session_tests::{RELEASE_0_1_0, cases};

use crate::platform::test;

/// All were written with the secret 00 01 02 …, for the cookie `__Host-s` of the audience `prod`.
fn codec() -> Codec {
    let config = Config {
        cookie: CookieProfileConfig {
            name: "__Host-s".into(),
            ..CookieProfileConfig::default()
        },
        audience: "prod".into(),
        overflow: Overflow::Spill,
        ..Config::default()
    };
    let secret = Secret::from_bytes(core::array::from_fn(|i| i as u8));
    let keys = Keys::sealing(KeyRing::new(secret, vec![]).unwrap());
    Codec::new(config, &keys).unwrap()
}

#[test]
fn every_cookie_of_0_1_0_opens() {
    let (codec, workspace) = (codec(), &mut Workspace::new());
    let now = Timestamp::from_seconds(1_800_000_000);
    let cases = cases(RELEASE_0_1_0);
    let mut records = 0;
    for case in &cases {
        let cookie = case.text("cookie").as_bytes();
        let mut opened = codec.open_value(cookie, now, workspace).unwrap();
        assert_eq!(opened.issued(), now, "{}", case.id());
        if let Some(record) = case["record"].as_str() {
            let record = URL_SAFE_NO_PAD.decode(record).unwrap();
            codec.open_record(&mut opened, &record, workspace).unwrap();
            records += 1;
        }
        assert_eq!(
            opened.session().to_json(),
            case.text("session_json"),
            "{}",
            case.id()
        );
    }
    assert_eq!((cases.len(), records), (6, 1));
}
