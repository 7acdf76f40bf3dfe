//! Between browsers and a Django site with `signed_cookies`: the browser holds an encrypted cookie, Django gets
//! the signed one that it knows.
//!
//! ```text
//! cargo run -p session-codec --example django_bridge
//! ```

use core::error::Error;

use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, Opened, Secret, Timestamp,
    Workspace,
    config::Acceptance,
    cookie::{CookieHeader, Lifetime},
    signing::{COOKIE_SALT, Signer},
};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut rng, mut workspace) = (getrandom::SysRng, Workspace::new());
    // The site's own SECRET_KEY.
    let django = DjangoSecret::new("k4^9(v0k=r3w#7t@l5z&1n8b*4c$y)u-s+j_hfgdpaeio-23-plus")?;
    let django = KeyRing::new(django, vec![])?;
    let config = Config {
        // Plain cookies of before are read for as long as they are good.
        django_cookie: Some("sessionid".into()),
        accept: vec![
            Acceptance::always(Envelope::Sealed),
            Acceptance::always(Envelope::Django),
        ],
        ..Config::default()
    };
    let sealing = KeyRing::new(Secret::generate(&mut rng)?, vec![])?;
    let codec = Codec::new(config, &Keys::sealing(sealing).django(django.clone()))?;
    let now = Timestamp::from_seconds(1_800_000_000);

    // Django answers a log in: its own cookie is taken, the browser gets ours.
    let from_django =
        Signer::new(COOKIE_SALT, &django).dumps(r#"{"user": 42}"#, now, &mut workspace)?;
    println!("Django:  sessionid={from_django}");
    let logged_in = codec.open_origin_cookie(from_django.as_bytes(), now, &mut workspace)?;
    let commit = codec.seal(
        logged_in.session(),
        Issue::new(now, Lifetime::BrowserSession).dated(logged_in.issued()),
        &mut rng,
        &mut workspace,
    )?;
    println!("browser: {}", commit.set_cookie);

    // The next request: ours is opened, Django gets one of its own.
    let header = format!("__Host-session={}", commit.set_cookie.value());
    let header = CookieHeader::new(header.as_bytes())?;
    let Opened::Session(opened) = codec.open(&header, now, &mut workspace) else {
        return Err("no session".into());
    };
    let for_django = codec.origin_cookie(opened.session(), opened.issued(), &mut workspace)?;
    println!("Django:  sessionid={for_django}");
    assert_eq!(for_django, from_django);

    // A visitor who still holds the plain cookie is moved over with their first answer.
    let header = format!("sessionid={from_django}");
    let header = CookieHeader::new(header.as_bytes())?;
    let Opened::Session(opened) = codec.open(&header, now, &mut workspace) else {
        return Err("no session".into());
    };
    assert!(opened.is_from_django_cookie() && codec.needs_reissue(&opened));
    Ok(())
}

#[test]
fn it_runs() -> Result<(), Box<dyn Error>> {
    main()
}
