use core::fmt::Display;

use super::Problem;

/// Reads settings one by one and collects what is wrong with them.
pub(super) struct Fields<'b> {
    binding: &'b dyn Fn(&str) -> Option<String>,
    asked: Vec<&'static str>,
    problems: Vec<Problem>,
}

impl<'b> Fields<'b> {
    pub(super) fn new(binding: &'b dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            binding,
            asked: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A setting with a default. `None` if it is wrong; the reason is noted.
    pub(super) fn parsed<T>(
        &mut self,
        setting: &'static str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(setting);
        let parsed = parse(text.as_deref().unwrap_or(default));
        parsed.map_err(|reason| self.problem(setting, reason)).ok()
    }

    /// A setting without a default that need not be there. The outer `None`: it is wrong.
    pub(super) fn optional<T>(
        &mut self,
        setting: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.text(setting) {
            None => Some(None),
            Some(text) => match parse(&text) {
                Ok(value) => Some(Some(value)),
                Err(reason) => {
                    self.problem(setting, reason);
                    None
                }
            },
        }
    }

    /// A setting that must be there.
    pub(super) fn required<T>(
        &mut self,
        setting: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.optional(setting, parse)? {
            None => {
                self.problem(setting, "missing");
                None
            }
            value => value,
        }
    }

    /// What a setting says, if it is there.
    pub(super) fn text(&mut self, setting: &'static str) -> Option<String> {
        self.asked.push(setting);
        (self.binding)(setting)
    }

    /// The settings that were looked for.
    pub(super) fn asked(&self) -> &[&'static str] {
        &self.asked
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
