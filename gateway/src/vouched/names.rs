use alloc::borrow::Cow;

/// Names of headers, found again however they are spelled: servers hand `X_Session_Class`,
/// `X-Session.Class` and `x-session-class` to an application under one name.
pub(crate) struct Names {
    /// Letters and digits alone, in order.
    exact: Vec<String>,
    beginnings: Vec<String>,
    ends: Vec<String>,
}

impl Names {
    /// Of names in lower case with dashes, some of which begin or end with `*`.
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n &'n str>) -> Self {
        let mut all = Self {
            exact: Vec::new(),
            beginnings: Vec::new(),
            ends: Vec::new(),
        };
        for name in names {
            if let Some(beginning) = name.strip_suffix('*') {
                all.beginnings.push(beginning.to_owned());
            } else if let Some(end) = name.strip_prefix('*') {
                all.ends.push(end.to_owned());
            } else {
                all.exact.push(name.replace('-', ""));
            }
        }
        all.exact.sort_unstable();
        all
    }

    /// Whether this one, in lower case, is among them in any spelling.
    pub(crate) fn have(&self, name: &str) -> bool {
        let dashed = dashed(name);
        let letters = || dashed.bytes().filter(|byte| *byte != b'-');
        let found = self
            .exact
            .binary_search_by(|known| known.bytes().cmp(letters()));
        found.is_ok()
            || self.beginnings.iter().any(|text| dashed.starts_with(text))
            || self.ends.iter().any(|text| dashed.ends_with(text))
    }
}

/// With one dash for all that is no letter or digit, and none at the ends.
fn dashed(name: &str) -> Cow<'_, str> {
    let is_odd = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'-';
    let is_dashed = !name.bytes().any(is_odd)
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-');
    if is_dashed {
        return Cow::Borrowed(name);
    }
    let words: Vec<&str> = name
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    Cow::Owned(words.join("-"))
}
