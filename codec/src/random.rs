use rand_core::TryCryptoRng;

use crate::error::SealError;

/// Fresh random bytes. 24 of them are a nonce: enough to be drawn at random for ever.
pub(crate) fn drawn<const N: usize>(rng: &mut impl TryCryptoRng) -> Result<[u8; N], SealError> {
    let mut bytes = [0; N];
    rng.try_fill_bytes(&mut bytes)
        .map_err(|_| SealError::Entropy)?;
    Ok(bytes)
}
