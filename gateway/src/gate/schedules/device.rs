//! Browsers that bind their sessions to their device, while whatever else goes on.

use alloc::rc::Rc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::{
    Lineage,
    device::{Binding, PublicKey},
};

use super::{
    controls::Control,
    ledger::Violation,
    stacks::Stack,
    visitor::Request,
    world::{REMEMBERED_SECONDS, World},
};
use crate::revocation::{self, Ask, Bindable, Entry, Standing};

/// What is known of a life's binding.
#[derive(Default, Clone, Copy)]
pub(super) struct Bound {
    /// A registration, or the first request after it, is under way.
    is_under_way: bool,
    /// A store failed in the middle, so whether the session had ended was not seen.
    is_doubtful: bool,
    /// When it was confirmed that the session is good with its device only, in milliseconds.
    confirmed: Option<i64>,
}

/// The key of a life's device: each has one. Nobody signs anything here.
fn key(life: usize) -> PublicKey {
    let coordinate = URL_SAFE_NO_PAD.encode([u8::try_from(life).unwrap() + 1; 32]);
    PublicKey::from_coordinates(&coordinate, &coordinate).unwrap()
}

/// The browser registers its key, and shows a while later that it knows, as the device's pages and
/// the first request with the device's cookie do it.
pub(super) async fn register<S: Stack>(
    world: &Rc<World<S>>,
    place: usize,
    life: usize,
    lineage: Lineage,
) {
    if core::mem::replace(
        &mut world.ledger.borrow_mut().lives[life].bound.is_under_way,
        true,
    ) {
        return;
    }
    for is_confirmed in [false, true] {
        world.clock.sleep(world.clock.roll(3_000)).await;
        if !keep(world, place, life, &lineage, is_confirmed).await {
            break;
        }
    }
    world.ledger.borrow_mut().lives[life].bound.is_under_way = false;
}

/// Gives whether it is kept for sure.
async fn keep<S: Stack>(
    world: &Rc<World<S>>,
    place: usize,
    life: usize,
    lineage: &Lineage,
    is_confirmed: bool,
) -> bool {
    let request = Request::new(world, place);
    let (store, memory, now) = (request.tampered(), &request.memory, request.now);
    let Some(mut bound) = Bindable::of(request.codec, lineage) else {
        return false;
    };
    let before = revocation::entry(&store, memory, &bound.name, Ask::Afresh, now).await;
    let before = match before {
        Ok(Entry::Nothing) => None,
        Ok(Entry::Bound(before)) => Some(before),
        _ => return false,
    };
    let registered = match is_confirmed {
        false => Binding::registered(before, &key(life), now),
        true => before,
    };
    let Some(registered) = registered else {
        return false;
    };
    let binding = Binding {
        is_confirmed: is_confirmed || registered.is_confirmed,
        ..registered
    };
    if world.control == Control::Overlooks {
        bound.head = None;
        world.clock.sleep(world.clock.roll(30_000)).await;
    }
    let kept = revocation::bind(&store, memory, &bound, binding, now).await;
    let is_kept = kept == Ok(true);
    world.ledger.borrow_mut().lives[life].bound.is_doubtful |= kept.is_err();
    let mut outcome = world.outcome.borrow_mut();
    outcome.bound += u64::from(is_kept && is_confirmed);
    outcome.not_bound += u64::from(!is_kept);
    if is_kept && is_confirmed {
        let at = world.clock.now().millis();
        let bound = &mut world.ledger.borrow_mut().lives[life].bound;
        bound.confirmed.get_or_insert(at);
    }
    is_kept
}

impl Bound {
    /// Whether what the list says may change back: somebody who has not seen the end yet is about to
    /// look for it.
    pub(super) const fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    /// Whether a session that has ended may stand there as bound: then it is good with its own device,
    /// and for nobody who has copies.
    pub(super) const fn may_remain(&self, stands: &Standing) -> bool {
        match stands {
            Standing::Bound(binding) => binding.is_confirmed && self.is_doubtful,
            Standing::Active | Standing::Revoked => false,
        }
    }

    /// A session that was bound for sure before a request came is bound for it.
    pub(super) fn check(
        &self,
        life: usize,
        stands: &Standing,
        ask: Ask,
        asked: i64,
    ) -> Result<(), Violation> {
        let remembered = match ask {
            Ask::Known => return Ok(()),
            Ask::Remembered => i64::from(REMEMBERED_SECONDS) * 1000,
            Ask::Afresh => 0,
        };
        let must_be = self.confirmed.is_some_and(|at| at + remembered < asked);
        let is_it = matches!(stands, Standing::Bound(binding)
            if binding.is_confirmed && binding.thumbprint == key(life).thumbprint());
        match must_be && !is_it {
            true => Err(Violation(format!(
                "a session that is bound is good without its device: {stands:?}"
            ))),
            false => Ok(()),
        }
    }
}
