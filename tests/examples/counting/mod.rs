use core::convert::Infallible;

/// Bytes that count up, so that a run can be repeated.
pub(crate) struct Counting(pub(crate) u64);

impl rand_core::TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.try_next_u64()? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(1);
        Ok(self.0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for part in bytes.chunks_mut(8) {
            let next = self.try_next_u64()?.to_be_bytes();
            part.copy_from_slice(&next[..part.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Counting {}
