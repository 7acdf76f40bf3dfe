use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// `SHA-256(octets)[..16]`: names a record's content in a ticket.
pub(crate) fn digest16(octets: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(octets)[..16]);
    digest
}

/// Whether it is that of these octets. A store that swaps records learns nothing of how far its
/// guess went.
pub(crate) fn is_digest16(digest: &[u8; 16], octets: &[u8]) -> bool {
    digest16(octets).ct_eq(digest).into()
}
