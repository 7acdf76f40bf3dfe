use sha2::{Digest, Sha256};

/// `SHA-256(octets)[..16]`: names a record's content in a ticket.
pub(crate) fn digest16(octets: &[u8]) -> [u8; 16] {
    let mut digest = [0; 16];
    digest.copy_from_slice(&Sha256::digest(octets)[..16]);
    digest
}
