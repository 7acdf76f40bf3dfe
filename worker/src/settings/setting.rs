//! Every setting as `worker/settings.json` describes it: its name, its default, and what it may be.

/// A text, a boolean, or JSON.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// None if it must be there, or need not be there and means nothing else.
    pub(super) default: Option<&'static str>,
}

/// A whole number.
pub(super) struct Number {
    pub(super) setting: Setting,
    pub(super) least: u32,
    pub(super) most: u32,
    pub(super) unit: &'static str,
}

impl Number {
    pub(super) fn read(&self, text: &str) -> Result<u32, String> {
        let Self {
            least, most, unit, ..
        } = self;
        let number = text.parse().ok();
        number
            .filter(|number| (least..=most).contains(&number))
            .ok_or_else(|| format!("not a number of {unit} from {least} to {most}"))
    }
}

/// One of a few names.
pub(super) struct Choice {
    pub(super) setting: Setting,
    pub(super) allowed: &'static [&'static str],
}

impl Choice {
    /// What `named` knows under the name. The reason names them all.
    pub(super) fn read<T>(
        &self,
        text: &str,
        named: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, String> {
        named(text).ok_or_else(|| self.refusal())
    }

    fn refusal(&self) -> String {
        format!("not one of {}", self.allowed.join(", "))
    }
}

/// Where a setting has an effect that has none elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Used {
    /// Where the site speaks headers.
    Headers,
    /// Where the site does not keep its sessions itself.
    NotRows,
    /// Where sessions are bound to devices.
    Device,
    /// Where what keeps records has columns, or may have them.
    Columns,
    /// Where the origin keeps records.
    OriginStore,
    /// Where one store stands before another.
    TwoStores,
}

include!(concat!(env!("OUT_DIR"), "/settings.rs"));
