//! Sessions that are bound to a device, from the log in to the log out: browsers with their keys, and
//! whoever has copies of their cookies.
#![allow(clippy::unwrap_used)]

extern crate alloc;

#[path = "device/es256.rs"]
mod es256;
#[path = "device/world.rs"]
mod world;

use es256::DeviceKey;
use serde_json::Value;
use session_gateway::device::Enforcement;
use world::{Ask, BOUND, Browser, DEVICE, OURS, PAGE, SITES, Seen, Setup, World};

const ROWS: Setup = Setup {
    rows: true,
    ..BOUND
};

/// Logs in, and gives what the browser is asked to sign.
fn offered(world: &World, browser: &mut Browser) -> String {
    let seen = browser.log_in(world);
    // A site that keeps its sessions says who it is with the next page.
    let seen = match seen.challenge() {
        Some(_) => seen,
        None => browser.page(world, "/"),
    };
    seen.challenge().unwrap().to_owned()
}

/// A browser that is bound, and what it calls its session.
fn bound(world: &World, key: &DeviceKey) -> (Browser, String) {
    let mut browser = Browser::default();
    let challenge = offered(world, &mut browser);
    let jwt = key.registers(&challenge);
    let seen = browser.device(world, "/register", None, Some(&jwt));
    assert_eq!(seen.status, 200, "{}", seen.body);
    let config: Value = serde_json::from_str(&seen.body).unwrap();
    let identifier = config["session_identifier"].as_str().unwrap().to_owned();
    assert_eq!(config["refresh_url"], "/_session/device/refresh");
    assert_eq!(config["credentials"][0]["name"], DEVICE);
    let attributes = config["credentials"][0]["attributes"].as_str().unwrap();
    assert!(seen.field("set-cookie").unwrap().ends_with(attributes));
    assert_eq!(
        config["scope"]["scope_specification"][0]["path"],
        "/static/"
    );
    let seen = browser.page(world, "/");
    assert!(seen.is_users());
    assert_eq!(seen.device.as_deref(), Some("bound"));
    assert_eq!(seen.challenge(), None);
    (browser, identifier)
}

fn refresh(world: &World, browser: &mut Browser, key: &DeviceKey, identifier: &str) -> Seen {
    let name = format!("\"{identifier}\"");
    let asked = browser.device(world, "/refresh", Some(&name), None);
    assert_eq!(asked.status, 403, "{}", asked.body);
    let challenge = asked.challenge().unwrap();
    let field = asked.field("secure-session-challenge").unwrap();
    assert!(field.ends_with(&format!(";id=\"{identifier}\"")));
    browser.device(world, "/refresh", Some(&name), Some(&key.shows(challenge)))
}

/// What a copy of the cookies comes to, everywhere.
fn is_good_nowhere(world: &World, copy: &Browser) {
    let kept = copy.cookies.clone();
    let mut copy = copy.clone();
    let seen = copy.page(world, "/");
    assert!(!seen.is_users() && seen.challenge().is_none(), "{seen:?}");
    assert_eq!(copy.page(world, "/account/").status, 302);
    let script = Ask {
        path: "/account/",
        accept: "",
        ..PAGE
    };
    assert_eq!(copy.ask(world, script).status, 401);
    assert_eq!(copy.api(world, "GET").status, 401);
    assert_eq!(copy.api(world, "DELETE").status, 401);
    copy.log_out(world, "/logout/");
    copy.cookies = kept;
    let seen = copy.log_out(world, "/static/logout/");
    assert_eq!(seen.status, 0);
}

fn without_device(browser: &Browser) -> Browser {
    let mut copy = browser.clone();
    copy.cookies.remove(DEVICE);
    copy
}

#[test]
fn a_session_that_is_bound_is_good_with_its_device_only() {
    for setup in [BOUND, ROWS] {
        let (world, key) = (World::new(setup), DeviceKey::new(1));
        let mut early = Browser::default();
        offered(&world, &mut early);
        let (mut browser, identifier) = bound(&world, &key);
        // Of the cookie alone.
        is_good_nowhere(&world, &without_device(&browser));
        assert!(browser.page(&world, "/account/").is_users());
        // Of both, for as long as the device cookie says.
        let mut jar = browser.clone();
        assert!(jar.page(&world, "/account/").is_users());
        world.pass(601);
        let seen = jar.page(&world, "/");
        assert_eq!(seen.status, 307);
        assert!(!jar.cookies.contains_key(DEVICE));
        is_good_nowhere(&world, &jar);
        // The browser itself goes on.
        browser.cookies.remove(DEVICE);
        let seen = refresh(&world, &mut browser, &key, &identifier);
        assert_eq!(seen.status, 200, "{}", seen.body);
        assert!(browser.page(&world, "/account/").is_users());
        is_good_nowhere(&world, &jar);
        // Who is not bound is nobody's business.
        assert!(early.page(&world, "/account/").is_users());
    }
}

#[test]
fn the_site_sees_nothing_of_it_but_a_word() {
    let world = World::new(BOUND);
    let (mut browser, _) = bound(&world, &DeviceKey::new(1));
    let seen = browser.page(&world, "/");
    let cookies = seen.sites_cookies.unwrap();
    assert!(cookies.starts_with("sessionid=") && !cookies.contains(DEVICE));
    let seen = browser.api(&world, "GET");
    assert_eq!(seen.field("session-device"), Some("bound"));
    assert_eq!(seen.body, r#"{"cart":["tea"]}"#);
}

#[test]
fn a_browser_that_did_not_get_the_answer_to_its_registration_is_not_logged_out() {
    for setup in [BOUND, ROWS] {
        let (world, key) = (World::new(setup), DeviceKey::new(1));
        let mut browser = Browser::default();
        let challenge = offered(&world, &mut browser);
        let mut lost = browser.clone();
        let seen = lost.device(&world, "/register", None, Some(&key.registers(&challenge)));
        assert_eq!(seen.status, 200);
        // The answer never arrives.
        assert!(browser.page(&world, "/account/").is_users());
        world.pass(700);
        let seen = browser.page(&world, "/");
        assert!(seen.is_users());
        let challenge = seen.challenge().unwrap();
        let again = DeviceKey::new(2);
        let seen = browser.device(&world, "/register", None, Some(&again.registers(challenge)));
        assert_eq!(seen.status, 200);
        assert_eq!(browser.page(&world, "/").device.as_deref(), Some("bound"));
        is_good_nowhere(&world, &without_device(&browser));
    }
}

#[test]
fn the_first_key_stays() {
    let (world, key, thief) = (World::new(BOUND), DeviceKey::new(1), DeviceKey::new(2));
    let mut browser = Browser::default();
    let challenge = offered(&world, &mut browser);
    let mut copy = browser.clone();
    let first = browser.device(&world, "/register", None, Some(&key.registers(&challenge)));
    assert_eq!(first.status, 200);
    // While its answer is under way, and when it has come.
    let register = |copy: &mut Browser| {
        let jwt = thief.registers(&challenge);
        copy.device(&world, "/register", None, Some(&jwt)).status
    };
    assert_eq!(register(&mut copy), 409);
    assert!(browser.page(&world, "/").is_users());
    assert_eq!(register(&mut copy), 409);
    assert_eq!(register(&mut browser.clone()), 409);
    // The same one may come twice.
    let again = browser.device(&world, "/register", None, Some(&key.registers(&challenge)));
    assert_eq!(again.status, 200);
    assert!(browser.page(&world, "/account/").is_users());
}

#[test]
fn a_link_from_another_site_asks_again_and_a_browser_in_trouble_is_not_logged_out() {
    let world = World::new(BOUND);
    let (browser, _) = bound(&world, &DeviceKey::new(1));
    let mut copy = without_device(&browser);
    let link = Ask {
        site: "cross-site",
        ..PAGE
    };
    let seen = copy.ask(&world, link);
    assert_eq!(seen.status, 200);
    assert!(seen.body.contains("location.replace"));
    assert_eq!(seen.field("cache-control"), Some("private, no-store"));
    // From here it is as from anywhere else.
    is_good_nowhere(&world, &copy);
    let skipped = Ask {
        names: "cookie,secure-session-skipped",
        ..PAGE
    };
    let seen = copy.ask(&world, skipped);
    assert_eq!(seen.status, 503);
    assert!(seen.field("retry-after").is_some() && seen.field("set-cookie").is_none());
    let post = Ask {
        method: "POST",
        ..link
    };
    assert!(!copy.ask(&world, post).is_users());
    assert!(copy.cookies.contains_key(OURS));
}

#[test]
fn the_cookie_of_another_device_is_taken_away_and_asked_for_again() {
    let world = World::new(BOUND);
    let (mut one, _) = bound(&world, &DeviceKey::new(1));
    let (other, _) = bound(&world, &DeviceKey::new(2));
    let own = one.cookies.clone();
    for value in [
        other.cookies[DEVICE].as_str(),
        "",
        "forged",
        &one.cookies[OURS].clone(),
    ] {
        one.cookies.insert(DEVICE.to_owned(), value.to_owned());
        let seen = one.page(&world, "/account/");
        assert_eq!(
            (seen.status, seen.field("location")),
            (307, Some("/account/"))
        );
        assert!(!one.cookies.contains_key(DEVICE));
        one.cookies = own.clone();
    }
    let seen = one.page(&world, "//evil.example/");
    assert!(seen.is_users());
    one.cookies.insert(DEVICE.to_owned(), "forged".to_owned());
    let seen = one.page(&world, "//evil.example/");
    assert_eq!(seen.field("location"), Some("/evil.example/"));
}

#[test]
fn whatever_comes_to_its_pages_ends_nobodys_session() {
    for setup in [BOUND, ROWS] {
        let (world, key, thief) = (World::new(setup), DeviceKey::new(1), DeviceKey::new(2));
        let (mut browser, identifier) = bound(&world, &key);
        let mut other = Browser::default();
        let foreign = offered(&world, &mut other);
        let mut copy = without_device(&browser);
        let mut nobody = Browser::default();
        let quoted = format!("\"{identifier}\"");
        let fresh = copy.device(&world, "/refresh", Some(&quoted), None);
        let fresh = fresh.challenge().unwrap().to_owned();
        for who in [&mut copy, &mut nobody] {
            let mut refresh = |identifier: Option<&str>, jwt: Option<&str>| {
                who.device(&world, "/refresh", identifier, jwt).status
            };
            assert_eq!(refresh(None, None), 401);
            assert_eq!(refresh(Some("\"x\""), None), 401);
            assert_eq!(refresh(Some(&foreign), None), 401);
            assert_eq!(refresh(Some(&quoted), Some("x")), 400);
            assert_eq!(refresh(Some(&quoted), Some(&thief.shows(&fresh))), 401);
            assert_eq!(refresh(Some(&quoted), Some(&thief.registers(&fresh))), 401);
            // Signed rightly, and not what was asked.
            assert_eq!(refresh(Some(&quoted), Some(&key.shows(&foreign))), 403);
            assert_eq!(refresh(Some(&quoted), Some(&key.shows("x"))), 403);
        }
        for (jwt, status) in [
            (None, 400),
            (Some("x".to_owned()), 400),
            (Some("a".repeat(3000)), 400),
            (Some(thief.shows(&fresh)), 400),
            (Some(thief.registers("x")), 409),
            (Some(thief.registers(&foreign)), 409),
            (Some(thief.registers(&fresh)), 409),
        ] {
            let seen = copy.device(&world, "/register", None, jwt.as_deref());
            assert_eq!(seen.status, status, "{}", seen.body);
        }
        assert_eq!(copy.device(&world, "/else", None, None).status, 404);
        world.pass(301);
        let late = copy.device(&world, "/refresh", Some(&quoted), Some(&key.shows(&fresh)));
        assert_eq!(late.status, 403);
        assert!(browser.page(&world, "/account/").is_users());
        assert_eq!(refresh(&world, &mut browser, &key, &identifier).status, 200);
        is_good_nowhere(&world, &copy);
    }
}

#[test]
fn a_proof_that_is_sent_again_is_good_for_no_longer() {
    let (world, key) = (World::new(BOUND), DeviceKey::new(1));
    let (mut browser, identifier) = bound(&world, &key);
    let quoted = format!("\"{identifier}\"");
    let asked = browser.device(&world, "/refresh", Some(&quoted), None);
    let jwt = key.shows(asked.challenge().unwrap());
    world.pass(290);
    let mut copy = without_device(&browser);
    let seen = copy.device(&world, "/refresh", Some(&quoted), Some(&jwt));
    let line = seen.field("set-cookie").unwrap();
    assert!(line.contains("; Max-Age=300;"), "{line}");
    world.pass(310);
    assert!(copy.page(&world, "/account/").is_users());
    world.pass(1);
    assert_eq!(copy.page(&world, "/account/").status, 307);
}

#[test]
fn a_log_out_ends_it_for_the_browser_too() {
    for setup in [BOUND, ROWS] {
        let (world, key) = (World::new(setup), DeviceKey::new(1));
        let (mut browser, identifier) = bound(&world, &key);
        let jar = browser.clone();
        browser.log_out(&world, "/logout/");
        assert!(!browser.cookies.contains_key(DEVICE));
        let seen = refresh(&world, &mut browser, &key, &identifier);
        assert_eq!((seen.status, &*seen.body), (200, r#"{"continue":false}"#));
        if setup.rows {
            // The site deletes the row itself.
            continue;
        }
        for mut jar in [without_device(&jar), jar] {
            assert!(!jar.clone().page(&world, "/").is_users());
            assert_eq!(jar.clone().page(&world, "/account/").status, 302);
            assert_eq!(jar.clone().api(&world, "GET").status, 401);
            // Nor does a registration bring it back.
            let jwt = key.registers("x");
            let seen = jar.device(&world, "/register", None, Some(&jwt));
            assert_eq!(seen.status, 409);
        }
    }
}

#[test]
fn another_log_in_begins_anew() {
    for setup in [BOUND, ROWS] {
        let (world, key) = (World::new(setup), DeviceKey::new(1));
        let (mut browser, first) = bound(&world, &key);
        browser.log_out(&world, "/logout/");
        let challenge = offered(&world, &mut browser);
        let second = DeviceKey::new(2);
        let seen = browser.device(
            &world,
            "/register",
            None,
            Some(&second.registers(&challenge)),
        );
        assert_eq!(seen.status, 200);
        assert!(browser.page(&world, "/account/").is_users());
        // The browser's session of before does not put its cookie in the place of this one's.
        let own = browser.cookies.clone();
        let seen = refresh(&world, &mut browser, &key, &first);
        assert_eq!(&*seen.body, r#"{"continue":false}"#);
        assert_eq!(browser.cookies, own);
    }
}

#[test]
fn a_registration_that_comes_with_a_log_out_brings_nothing_back() {
    let (world, key) = (World::new(BOUND), DeviceKey::new(1));
    let mut browser = Browser::default();
    let challenge = offered(&world, &mut browser);
    let mut copy = browser.clone();
    browser.log_out(&world, "/logout/");
    let seen = copy.device(&world, "/register", None, Some(&key.registers(&challenge)));
    assert_eq!(seen.status, 401);
    assert_eq!(copy.page(&world, "/account/").status, 302);
}

#[test]
fn routes_may_want_a_device_and_a_young_proof() {
    let setup = Setup {
        proof_seconds: Some(120),
        ..BOUND
    };
    let (world, key) = (World::new(setup), DeviceKey::new(1));
    let mut unbound = Browser::default();
    unbound.log_in(&world);
    let seen = unbound.page(&world, "/admin/");
    assert_eq!(seen.status, 403);
    assert!(seen.challenge().is_some());
    assert_eq!(Browser::default().page(&world, "/admin/").status, 302);
    let (mut browser, identifier) = bound(&world, &key);
    assert!(browser.page(&world, "/admin/").is_users());
    world.pass(121);
    assert!(browser.page(&world, "/account/").is_users());
    let seen = browser.page(&world, "/admin/");
    assert_eq!(
        (seen.status, seen.field("location")),
        (307, Some("/admin/"))
    );
    assert_eq!(refresh(&world, &mut browser, &key, &identifier).status, 200);
    assert!(browser.page(&world, "/admin/").is_users());
}

#[test]
fn watching_refuses_nobody() {
    let setup = Setup {
        enforcement: Some(Enforcement::Observe),
        ..BOUND
    };
    let world = World::new(setup);
    let (browser, _) = bound(&world, &DeviceKey::new(1));
    let mut copy = without_device(&browser);
    assert!(copy.page(&world, "/account/").is_users());
    assert!(copy.page(&world, "/admin/").is_users());
    let world = world.with(BOUND);
    is_good_nowhere(&world, &copy);
    let world = world.with(Setup {
        enforcement: None,
        ..BOUND
    });
    assert!(copy.page(&world, "/account/").is_users());
    assert_eq!(copy.device(&world, "/register", None, None).status, 404);
}

#[test]
fn a_store_that_is_down_logs_nobody_out() {
    for setup in [BOUND, ROWS] {
        let (world, key) = (World::new(setup), DeviceKey::new(1));
        let (mut browser, identifier) = bound(&world, &key);
        let before = browser.cookies.clone();
        *world.watched.is_down.lock().unwrap() = true;
        assert!(browser.page(&world, "/").is_users());
        let quoted = format!("\"{identifier}\"");
        let asked = browser.device(&world, "/refresh", Some(&quoted), None);
        let jwt = key.shows(asked.challenge().unwrap());
        let seen = browser.device(&world, "/refresh", Some(&quoted), Some(&jwt));
        assert_eq!(seen.status, 503);
        assert_eq!(
            without_device(&browser).page(&world, "/account/").status,
            503
        );
        assert_eq!(browser.cookies, before);
        *world.watched.is_down.lock().unwrap() = false;
        assert_eq!(refresh(&world, &mut browser, &key, &identifier).status, 200);
        assert!(browser.page(&world, "/account/").is_users());
    }
}

/// What a page of a bound session asks the store, beside one where nothing is ever bound.
#[test]
fn a_bound_request_asks_the_store_for_no_more() {
    for setup in [BOUND, ROWS] {
        let off = Setup {
            enforcement: None,
            ..setup
        };
        let reads = |world: &World, browser: &mut Browser, path| {
            let before = world.calls();
            assert!(browser.page(world, path).is_users());
            let mut calls = world.calls();
            for (method, count) in &mut calls {
                *count -= before.get(method).copied().unwrap_or_default();
            }
            calls.retain(|_, count| *count > 0);
            calls
        };
        let (world, key) = (World::new(setup), DeviceKey::new(1));
        let (mut browser, identifier) = bound(&world, &key);
        refresh(&world, &mut browser, &key, &identifier);
        let plain = World::new(off);
        let mut other = Browser::default();
        other.log_in(&plain);
        for path in ["/", "/account/"] {
            let expected = reads(&plain, &mut other, path);
            assert_eq!(reads(&world, &mut browser, path), expected, "{path}");
        }
    }
}

#[test]
fn a_key_that_seals_no_more_still_opens_its_tokens_and_a_foreign_one_does_not() {
    let (world, key) = (World::new(BOUND), DeviceKey::new(1));
    let (mut browser, identifier) = bound(&world, &key);
    let world = world.with(Setup { key: 8, ..BOUND });
    let quoted = format!("\"{identifier}\"");
    let seen = browser.device(&world, "/refresh", Some(&quoted), None);
    assert_eq!(seen.status, 401);
    assert_eq!(SITES, "sessionid");
}
