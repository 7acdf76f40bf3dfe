/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    /// Raw deflate, with the preset dictionary of this id if there is one.
    Deflate(Option<u8>),
    /// The same of a part of the body; the other part is never compressed.
    Split(Option<u8>),
}

/// The flags that say so, in the inner text of a sealed cookie and in that of a record.
pub(crate) const DEFLATED: u8 = 0x01;
pub(crate) const SPLIT: u8 = 0x20;
pub(crate) const DICTIONARY: u8 = 0x40;

impl Compression {
    pub(crate) const fn dictionary(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Deflate(dictionary) | Self::Split(dictionary) => dictionary,
        }
    }

    pub(crate) const fn flags(self) -> u8 {
        let flags = match self {
            Self::None => 0,
            Self::Deflate(_) => DEFLATED,
            Self::Split(_) => SPLIT,
        };
        match self.dictionary() {
            None => flags,
            Some(_) => flags | DICTIONARY,
        }
    }
}
