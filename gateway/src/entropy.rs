use core::{cell::Cell, fmt};

use getrandom::SysRng;
use rand_core::{TryCryptoRng, TryRng};

/// The platform's randomness, which has been known to be a row of zeros elsewhere: bytes that come
/// twice are refused, so that no nonce and no id is used twice.
pub(crate) struct Entropy;

/// Why there is no randomness.
#[derive(Debug)]
pub(crate) enum EntropyError {
    /// The platform has none.
    System(getrandom::Error),
    /// It gave the same bytes twice in a row, or nothing but one byte.
    Repeats,
}

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::Repeats => f.write_str("the random source repeats itself"),
        }
    }
}

impl core::error::Error for EntropyError {}

/// From so many bytes on chance repeats nothing.
const TELLING: usize = 16;

thread_local! {
    static LAST: Cell<[u8; TELLING]> = const { Cell::new([0; TELLING]) };
}

impl TryRng for Entropy {
    type Error = EntropyError;

    fn try_next_u32(&mut self) -> Result<u32, EntropyError> {
        SysRng.try_next_u32().map_err(EntropyError::System)
    }

    fn try_next_u64(&mut self) -> Result<u64, EntropyError> {
        SysRng.try_next_u64().map_err(EntropyError::System)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        SysRng.try_fill_bytes(bytes).map_err(EntropyError::System)?;
        check(bytes)
    }
}

impl TryCryptoRng for Entropy {}

fn check(bytes: &[u8]) -> Result<(), EntropyError> {
    let Some(first) = bytes.first_chunk::<TELLING>() else {
        return Ok(());
    };
    let is_one_byte = first.iter().all(|byte| *byte == first[0]);
    if is_one_byte || LAST.replace(*first) == *first {
        return Err(EntropyError::Repeats);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_refused() {
        assert!(check(&[0; 24]).is_err());
        assert!(check(&[7; 16]).is_err());
        let random: [u8; 24] = core::array::from_fn(|n| n as u8);
        assert!(check(&random).is_ok());
        assert!(check(&random).is_err());
        let mut bytes = [0; 24];
        for _ in 0..100 {
            assert!(Entropy.try_fill_bytes(&mut bytes).is_ok());
        }
    }
}
