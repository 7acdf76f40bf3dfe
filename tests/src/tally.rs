use alloc::collections::BTreeMap;

/// What was done with each case of a file. A test ends with [`Tally::expect`], so that no case can
/// be left out, or end up in another class, without somebody saying so.
#[derive(Default)]
pub struct Tally(BTreeMap<&'static str, Vec<String>>);

impl Tally {
    /// The case of this id ended in this class.
    pub fn count(&mut self, class: &'static str, id: &str) {
        self.0.entry(class).or_default().push(id.to_owned());
    }

    /// # Panics
    /// Unless exactly these classes hold exactly that many cases.
    pub fn expect(&self, expected: &[(&'static str, usize)]) {
        let found: BTreeMap<&str, usize> = self.0.iter().map(|(c, ids)| (*c, ids.len())).collect();
        let expected: BTreeMap<&str, usize> = expected.iter().copied().collect();
        assert_eq!(found, expected, "cases by class; in them: {:#?}", self.0);
    }
}
