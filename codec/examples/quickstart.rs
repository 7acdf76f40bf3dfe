//! A session into a cookie and back.
//!
//! ```text
//! cargo run -p session-codec --example quickstart
//! ```

use core::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use session_codec::{
    Codec, Config, Issue, KeyRing, Keys, Opened, Secret, Session, Timestamp, Workspace,
    cookie::{CookieHeader, Lifetime},
};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut rng, mut workspace) = (getrandom::SysRng, Workspace::new());
    // A real application draws it once and reads it from its secrets: `Secret::parse`.
    let secret = Secret::generate(&mut rng)?;
    let codec = Codec::new(
        Config::default(),
        &Keys::sealing(KeyRing::new(secret, vec![])?),
    )?;
    let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let now = Timestamp::from_millis(millis.try_into()?);

    let mut session = Session::new(now);
    session.insert("user", "ada")?;
    session.insert("visits", &1)?;
    let commit = codec.seal(
        &session,
        Issue::new(now, Lifetime::BrowserSession),
        &mut rng,
        &mut workspace,
    )?;
    println!("Set-Cookie: {}", commit.set_cookie);

    let header = format!(
        "theme=dark; {}={}",
        codec.profile().name().as_str(),
        commit.set_cookie.value()
    );
    println!("Cookie: {header}");
    let header = CookieHeader::new(header.as_bytes())?;
    let opened = match codec.open(&header, now, &mut workspace) {
        Opened::Session(opened) => opened,
        other => return Err(format!("{other:?}").into()),
    };
    println!("{}", opened.session().to_json());

    // What anybody changed is no session.
    let mut forged = commit.set_cookie.value().to_owned();
    let last = forged.pop();
    forged.push(if last == Some('A') { 'E' } else { 'A' });
    let refused = codec.open_value(forged.as_bytes(), now, &mut workspace);
    println!("forged: {:?}", refused.err());

    // The next answer of this session: it knows what its next cookie inherits.
    let mut session = opened.into_session();
    session.insert("visits", &2)?;
    let commit = codec.seal(
        &session,
        Issue::new(now, Lifetime::BrowserSession),
        &mut rng,
        &mut workspace,
    )?;
    println!("{} bytes of cookie", commit.cookie_bytes);
    println!("log out: {}", codec.remove());
    Ok(())
}

#[test]
fn it_runs() -> Result<(), Box<dyn Error>> {
    main()
}
