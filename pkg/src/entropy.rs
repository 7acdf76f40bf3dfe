use core::cell::RefCell;

use rand_core::{TryCryptoRng, TryRng};
use wasm_bindgen::prelude::wasm_bindgen;

/// Bytes drawn at once where more than one text is sealed in one go: 42 nonces. A call to the platform costs as much
/// for one nonce.
const POOL_BYTES: usize = 1024;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::EMPTY) };
}

/// What was drawn ahead lives no longer than the run of JavaScript that asked for it. A process that is copied between
/// two runs (a snapshot that is started twice) has nothing in it that both copies would use.
struct Pool {
    bytes: [u8; POOL_BYTES],
    used: usize,
    /// Whether something was drawn in this run.
    is_awake: bool,
}

impl Pool {
    const EMPTY: Self = Self {
        bytes: [0; POOL_BYTES],
        used: POOL_BYTES,
        is_awake: false,
    };

    /// Every byte is given once and forgotten.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Failed> {
        if !self.is_awake {
            // Mostly a run seals once: nothing is drawn ahead for it.
            self.is_awake = true;
            forget_soon();
            return draw(out);
        }
        if out.len() > POOL_BYTES - self.used {
            draw(&mut self.bytes)?;
            self.used = 0;
        }
        let end = self.used + out.len();
        if let Some(taken) = self.bytes.get_mut(self.used..end) {
            out.copy_from_slice(taken);
            taken.fill(0);
        }
        self.used = end;
        Ok(())
    }
}

fn draw(out: &mut [u8]) -> Result<(), Failed> {
    getrandom::fill(out).map_err(|_| Failed)
}

/// What was drawn ahead is gone. JavaScript calls it when the run that drew it has ended.
#[wasm_bindgen]
pub fn forget_random() {
    POOL.set(Pool::EMPTY);
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen(raw_module = "../core/run.js")]
extern "C" {
    /// Has [`forget_random`] called at the end of this run.
    #[wasm_bindgen(js_name = forgetSoon)]
    fn forget_soon();
}

#[cfg(not(target_arch = "wasm32"))]
fn forget_soon() {}

/// `crypto.getRandomValues` for nonces and ids, inside a call and never before: Workers forbid it while a module is
/// evaluated.
pub(crate) struct Entropy;

/// The platform gave no random bytes.
#[derive(Debug)]
pub(crate) struct Failed;

impl core::fmt::Display for Failed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(
            "crypto.getRandomValues failed; it cannot be called at the top level of a Worker",
        )
    }
}

impl core::error::Error for Failed {}

impl TryRng for Entropy {
    type Error = Failed;

    fn try_next_u32(&mut self) -> Result<u32, Failed> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Failed> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Failed> {
        if out.len() > POOL_BYTES {
            return draw(out);
        }
        POOL.with_borrow_mut(|pool| pool.fill(out))
    }
}

impl TryCryptoRng for Entropy {}

/// For keys: never through the pool.
pub(crate) struct Fresh;

impl TryRng for Fresh {
    type Error = Failed;

    fn try_next_u32(&mut self) -> Result<u32, Failed> {
        Entropy.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Failed> {
        Entropy.try_next_u64()
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Failed> {
        draw(out)
    }
}

impl TryCryptoRng for Fresh {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_leaves_nothing_that_was_drawn() {
        forget_random();
        let left = || POOL.with_borrow(|pool| pool.bytes.iter().filter(|&&byte| byte != 0).count());
        let mut nonce = [0; 24];
        Entropy.try_fill_bytes(&mut nonce).unwrap();
        assert_eq!(left(), 0, "one nonce is drawn by itself");
        Entropy.try_fill_bytes(&mut nonce).unwrap();
        assert!(left() > 900);
        forget_random();
        assert_eq!(left(), 0);
        let mut next = [0; 24];
        Entropy.try_fill_bytes(&mut next).unwrap();
        assert_ne!(next, nonce);
        assert_eq!(left(), 0);
    }

    #[test]
    fn no_bytes_are_given_twice() {
        let mut seen = alloc::collections::BTreeSet::new();
        for _ in 0..1000 {
            let mut nonce = [0; 24];
            Entropy.try_fill_bytes(&mut nonce).unwrap();
            assert!(seen.insert(nonce));
        }
        let mut many = alloc::vec![0; POOL_BYTES + 1];
        Entropy.try_fill_bytes(&mut many).unwrap();
        assert!(many.iter().any(|&byte| byte != 0));
    }
}
