use core::fmt::Display;

use super::{
    Problem,
    setting::{Choice, Number, Setting},
};

/// Reads settings one by one and collects what is wrong with them.
pub(super) struct Fields<'b> {
    binding: &'b dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
}

impl<'b> Fields<'b> {
    pub(super) fn new(binding: &'b dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            binding,
            problems: Vec::new(),
        }
    }

    /// A setting with a default, or one that must be there. `None` if it is wrong or missing; the
    /// reason is noted.
    pub(super) fn parsed<T>(
        &mut self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.given(setting)?;
        parse(&text)
            .map_err(|reason| self.problem(setting.name, reason))
            .ok()
    }

    /// What a setting says, or what goes without saying. `None` if it is missing; that is noted.
    fn given(&mut self, setting: Setting) -> Option<String> {
        let text = self.text(setting.name);
        let text = text.or_else(|| setting.default.map(str::to_owned));
        if text.is_none() {
            self.problem(setting.name, "missing");
        }
        text
    }

    /// A setting whose default is an empty list or table, which is not parsed: the code that would is
    /// then not compiled before the first answer.
    pub(super) fn listed<T: Default>(
        &mut self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        debug_assert!(matches!(setting.default, Some("[]" | "{}")));
        let given = self.optional(setting, parse);
        given.map(Option::unwrap_or_default)
    }

    pub(super) fn boolean(&mut self, setting: Setting) -> Option<bool> {
        self.parsed(setting, |text| {
            text.parse()
                .map_err(|_| "neither \"true\" nor \"false\"".to_owned())
        })
    }

    pub(super) fn number(&mut self, number: &Number) -> Option<u32> {
        self.parsed(number.setting, |text| number.read(text))
    }

    pub(super) fn choice<T>(
        &mut self,
        choice: &Choice,
        named: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.parsed(choice.setting, |text| choice.read(text, named))
    }

    /// A setting without a default that need not be there. The outer `None`: it is wrong.
    pub(super) fn optional<T>(
        &mut self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.text(setting.name) {
            None => Some(None),
            Some(text) => match parse(&text) {
                Ok(value) => Some(Some(value)),
                Err(reason) => {
                    self.problem(setting.name, reason);
                    None
                }
            },
        }
    }

    /// What a setting says, if it is there.
    pub(super) fn text(&self, setting: &'static str) -> Option<String> {
        (self.binding)(setting)
    }

    pub(super) fn problem(&mut self, setting: &'static str, reason: impl Display) {
        self.problems.push(Problem::new(setting, reason));
    }

    /// The settings if nothing was wrong.
    pub(super) fn finish<T>(self, settings: Option<T>) -> Result<T, Vec<Problem>> {
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            _ => Err(self.problems),
        }
    }
}
