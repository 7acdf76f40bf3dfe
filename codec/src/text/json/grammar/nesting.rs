use super::{Container, DEPTH_LIMIT};

/// The containers around the current one, a bit each.
#[derive(Default)]
pub(super) struct Nesting {
    /// How many there are.
    pub(super) depth: u16,
    objects: [u64; Self::WORDS],
}

impl Nesting {
    /// A power of two, for the mask below, with room for [`DEPTH_LIMIT`] bits.
    const WORDS: usize = 16;

    /// Enters a container inside of `outer`.
    pub(super) fn push(&mut self, outer: Container) {
        let (word, bit) = self.place();
        if outer == Container::Object {
            self.objects[word] |= bit;
        } else {
            self.objects[word] &= !bit;
        }
        self.depth += 1;
    }

    /// Leaves a container; tells what was around it.
    pub(super) fn pop(&mut self) -> Container {
        self.depth = self.depth.saturating_sub(1);
        let (word, bit) = self.place();
        if self.objects[word] & bit == 0 {
            Container::Array
        } else {
            Container::Object
        }
    }

    fn place(&self) -> (usize, u64) {
        (
            usize::from(self.depth / 64) % Self::WORDS,
            1 << (self.depth % 64),
        )
    }
}

const _: () = assert!(DEPTH_LIMIT as usize <= Nesting::WORDS * 64);
