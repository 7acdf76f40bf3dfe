//! A configuration is refused, or what it seals is within its budget and it opens it again, no key lost
//! without a word.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use rand::{SeedableRng as _, rngs::StdRng};
use session_codec::{
    Codec, Config, Issue, Session, SessionData, StoreOp, Workspace, cookie::Lifetime,
    policy::KeyPlacement,
};
use session_fuzz::{NOW, keys};

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::new());
}

fuzz_target!(
    |input: (&str, &str)| WORKSPACE.with_borrow_mut(|workspace| {
        let (settings, session) = input;
        let Ok(config) = serde_json::from_str::<Config>(settings) else {
            return;
        };
        let written = serde_json::to_string(&config).expect("it was read");
        serde_json::from_str::<Config>(&written).expect("what is written is read");
        let budget = config.budget.bytes();
        let Ok(codec) = Codec::new(config, &keys()) else {
            return;
        };
        let data = SessionData::from_json(session).unwrap_or_else(|_| sample());
        let session = Session::new(NOW).with_data(data);
        let mut rng = StdRng::seed_from_u64(1);
        let issue = Issue::new(NOW, Lifetime::BrowserSession);
        let Ok(commit) = codec.seal(&session, issue, &mut rng, workspace) else {
            return;
        };
        assert!(commit.cookie_bytes <= budget);
        let report = codec.report(&session, &commit);
        let value = commit.set_cookie.value();
        assert_eq!(codec.profile().size_of(value.len()), commit.cookie_bytes);
        let mut opened = codec
            .open_value(value.as_bytes(), NOW, workspace)
            .expect("it was sealed");
        for op in &commit.store_ops {
            if let StoreOp::Put { record, .. } = op {
                codec
                    .open_record(&mut opened, record, workspace)
                    .expect("it was sealed");
            }
        }
        assert!(opened.ticket().is_none(), "its record was put");
        // Each key is there with its value, or the report says why not.
        let lost = report
            .keys
            .iter()
            .filter(|key| matches!(key.placement, KeyPlacement::Dropped | KeyPlacement::Expired))
            .count();
        assert_eq!(opened.session().len() + lost, session.len());
    })
);

fn sample() -> SessionData {
    let long = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(40);
    let json =
        format!(r#"{{"user":42,"secret":"0f1e2d","a":"{long}","cart":[1,2,3],"b":"{long}"}}"#);
    SessionData::from_json(json).expect("it is JSON")
}
