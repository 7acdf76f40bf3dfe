use super::Replaced;

/// The names of a table and its columns, quoted for their database.
pub(super) struct Names {
    pub(super) table: String,
    pub(super) key: String,
    pub(super) data: String,
    pub(super) expires: String,
}

impl Names {
    /// A statement with the names in it, in the places of `{table}`, `{key}`, `{data}`, `{expires}`.
    pub(super) fn put_into(&self, statement: &str) -> String {
        statement
            .replace("{table}", &self.table)
            .replace("{key}", &self.key)
            .replace("{data}", &self.data)
            .replace("{expires}", &self.expires)
    }
}

/// Why a row was not changed, which is there now or not.
pub(super) fn unchanged(there: Option<&str>, to: &str) -> Replaced {
    match there {
        // A repeat of what was done.
        Some(there) if there == to => Replaced::Done,
        Some(_) => Replaced::Changed,
        None => Replaced::Gone,
    }
}
