use core::cell::RefCell;

use rand_core::{TryCryptoRng, TryRng};

/// Octets drawn at once: 42 nonces. A call to the platform costs as much for one nonce.
const POOL_OCTETS: usize = 1024;

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool { octets: [0; POOL_OCTETS], used: POOL_OCTETS }) };
}

struct Pool {
    octets: [u8; POOL_OCTETS],
    used: usize,
}

impl Pool {
    /// Every octet is given once and forgotten.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), Failed> {
        if out.len() > POOL_OCTETS - self.used {
            getrandom::fill(&mut self.octets).map_err(|_| Failed)?;
            self.used = 0;
        }
        let end = self.used + out.len();
        if let Some(taken) = self.octets.get_mut(self.used..end) {
            out.copy_from_slice(taken);
            taken.fill(0);
        }
        self.used = end;
        Ok(())
    }
}

/// `crypto.getRandomValues`, drawn ahead for nonces and ids, inside a call and never before: Workers
/// forbid it while a module is evaluated.
pub(crate) struct Entropy;

/// The platform gave no random octets.
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
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets)?;
        Ok(u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Failed> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets)?;
        Ok(u64::from_le_bytes(octets))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Failed> {
        if out.len() > POOL_OCTETS {
            return getrandom::fill(out).map_err(|_| Failed);
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
        getrandom::fill(out).map_err(|_| Failed)
    }
}

impl TryCryptoRng for Fresh {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_octets_are_given_twice() {
        let mut seen = alloc::collections::BTreeSet::new();
        for _ in 0..1000 {
            let mut nonce = [0; 24];
            Entropy.try_fill_bytes(&mut nonce).unwrap();
            assert!(seen.insert(nonce));
        }
        let mut many = alloc::vec![0; POOL_OCTETS + 1];
        Entropy.try_fill_bytes(&mut many).unwrap();
        assert!(many.iter().any(|&octet| octet != 0));
    }
}
