//! A new key in front of the old one: nobody is logged out, and in the end the old key opens nothing.
//!
//! ```text
//! cargo run -p session-codec --example rotate_keys
//! ```

use core::{error::Error, time::Duration};

use session_codec::{
    Codec, Config, ConfigError, Issue, KeyRing, Keys, Secret, Session, Timestamp, Workspace,
    cookie::Lifetime,
};

fn codec(ring: KeyRing<Secret>) -> Result<Codec, ConfigError> {
    Codec::new(Config::default(), &Keys::sealing(ring))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut rng, mut workspace) = (getrandom::SysRng, Workspace::new());
    let old = Secret::generate(&mut rng)?;
    let today = Timestamp::from_seconds(1_800_000_000);
    let days = |count: u64| today.after(Duration::from_secs(count * 24 * 3600));

    let before = codec(KeyRing::new(old.clone(), vec![])?)?;
    let mut session = Session::new(today);
    session.insert("user", "ada")?;
    let commit = before.seal(
        &session,
        Issue::new(today, Lifetime::BrowserSession),
        &mut rng,
        &mut workspace,
    )?;
    let cookie = commit.set_cookie.value();

    // The new key writes. The old one reads for as long as a cookie under it may be good, and no longer.
    let new = Secret::generate(&mut rng)?;
    let during = codec(KeyRing::new(new, vec![old.ending(days(14))])?)?;
    let opened = during.open_value(cookie.as_bytes(), days(1), &mut workspace)?;
    println!(
        "under {:?}, to be sealed again: {}",
        opened.key_id(),
        during.needs_reissue(&opened)
    );
    let commit = during.seal(
        opened.session(),
        Issue::new(days(1), Lifetime::BrowserSession),
        &mut rng,
        &mut workspace,
    )?;
    let next = commit.set_cookie.value();
    let opened = during.open_value(next.as_bytes(), days(2), &mut workspace)?;
    println!(
        "under {:?}, to be sealed again: {}",
        opened.key_id(),
        during.needs_reissue(&opened)
    );

    // A copy of the first cookie, after the old key's end.
    let refused = during.open_value(cookie.as_bytes(), days(14), &mut workspace);
    println!("the first cookie: {:?}", refused.err());
    Ok(())
}

#[test]
fn it_runs() -> Result<(), Box<dyn Error>> {
    main()
}
