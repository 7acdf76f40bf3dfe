use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// `SHA-256(parts, one after another)[..N]`, of 32 at most.
pub(crate) fn sha256_beginning<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let digest = parts
        .iter()
        .fold(Sha256::new(), |digest, part| digest.chain_update(part))
        .finalize();
    let mut beginning = [0; N];
    beginning.copy_from_slice(&digest[..N]);
    beginning
}

/// `SHA-256(bytes)[..16]`: names a record's content in a ticket.
pub(crate) fn digest16(bytes: &[u8]) -> [u8; 16] {
    sha256_beginning(&[bytes])
}

/// Whether it is that of these bytes. A store that swaps records learns nothing of how far its
/// guess went.
pub(crate) fn is_digest16(digest: &[u8; 16], bytes: &[u8]) -> bool {
    digest16(bytes).ct_eq(digest).into()
}
