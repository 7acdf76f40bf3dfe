//! Which keys of a session somebody may see or change.

/// Keys, and beginnings of keys followed by `*`.
#[derive(Debug, Default)]
pub struct KeyPatterns(Vec<String>);

impl KeyPatterns {
    /// A `*` anywhere but at the end, and the empty text, are refused: they would not mean what
    /// they seem to.
    ///
    /// # Errors
    /// Which one is none.
    pub fn new(patterns: Vec<String>) -> Result<Self, String> {
        let odd = |pattern: &&String| {
            pattern.is_empty()
                || pattern.trim_end_matches('*').contains('*')
                || pattern.ends_with("**")
        };
        match patterns.iter().find(odd) {
            Some(pattern) => Err(format!(
                "{pattern:?} is neither a key nor the beginning of keys with one * after it"
            )),
            None => Ok(Self(patterns)),
        }
    }

    /// Whether a key is one of them.
    #[must_use]
    pub fn cover(&self, key: &str) -> bool {
        self.0
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(beginning) => key.starts_with(beginning),
                None => key == pattern,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(patterns: &[&str]) -> Result<KeyPatterns, String> {
        KeyPatterns::new(patterns.iter().map(|&text| text.to_owned()).collect())
    }

    #[test]
    fn exact_or_by_beginning() {
        let patterns = patterns(&["theme", "cart*", "été"]).unwrap();
        for key in ["theme", "cart", "cart_items", "été"] {
            assert!(patterns.cover(key), "{key}");
        }
        for key in ["", "Theme", "themes", "car", "xcart", "ete"] {
            assert!(!patterns.cover(key), "{key}");
        }
        assert!(!KeyPatterns::default().cover("any"));
        assert!(
            super::KeyPatterns::new(vec!["*".to_owned()])
                .unwrap()
                .cover("any")
        );
    }

    #[test]
    fn a_star_stands_at_the_end() {
        for odd in ["", "*a", "a*b", "a**", "**"] {
            assert!(patterns(&["fine", odd]).is_err(), "{odd:?}");
        }
    }
}
