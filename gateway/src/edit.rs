use alloc::borrow::Cow;

/// A change to header fields. Names are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Every field of that name goes.
    Remove(Cow<'static, str>),
    /// One field of that name, in place of all that there are.
    Set(Cow<'static, str>, String),
    /// One more field of that name.
    Append(Cow<'static, str>, String),
}

impl Edit {
    pub(crate) fn remove(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Remove(name.into())
    }

    pub(crate) fn set(name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self::Set(name.into(), value.into())
    }

    pub(crate) fn append(name: &'static str, value: impl Into<String>) -> Self {
        Self::Append(name.into(), value.into())
    }
}
