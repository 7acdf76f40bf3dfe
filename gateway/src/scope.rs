//! What is known of a request while something is done for it: its id, which every log line has,
//! and what its stores took.
//!
//! Whoever polls a request's future puts its scope in place ([`Scope::around`]), so that nothing
//! has to be handed down to every place that logs.

use core::cell::Cell;

use crate::request::RequestHead;

/// Bytes of an id that are kept: a client may have chosen it.
const MAX_ID: usize = 48;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    id: [u8; MAX_ID],
    len: u8,
    /// Calls to stores, and what they took together.
    pub calls: u32,
    /// In milliseconds.
    pub millis: u32,
}

impl Default for Scope {
    fn default() -> Self {
        Self::NONE
    }
}

thread_local! {
    static CURRENT: Cell<Scope> = const { Cell::new(Scope::NONE) };
}

impl Scope {
    const NONE: Self = Self {
        id: [0; MAX_ID],
        len: 0,
        calls: 0,
        millis: 0,
    };

    /// Of a request: the platform's id, or the one it came with.
    #[must_use]
    pub fn of(request: &RequestHead<'_>) -> Self {
        let mut scope = Self::NONE;
        let given = request.field("cf-ray").or(request.field("x-request-id"));
        let given = given.unwrap_or_default().bytes();
        let plain = given.filter(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte));
        for (place, byte) in scope.id.iter_mut().zip(plain) {
            *place = byte;
            scope.len += 1;
        }
        scope
    }

    /// The id; empty without one.
    #[must_use]
    pub fn id(&self) -> &str {
        let id = self.id.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(id).unwrap_or_default()
    }

    /// The one in place.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.get()
    }

    /// Puts it in place, for whoever has polled what runs now.
    pub fn enter(self) {
        CURRENT.set(self);
    }

    /// Runs `work` with it in place, and keeps what has become of it.
    pub fn around<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let outer = CURRENT.replace(*self);
        let result = work();
        *self = CURRENT.replace(outer);
        result
    }
}

/// A store was called.
pub(crate) fn store_call(millis: i64) {
    let mut scope = CURRENT.get();
    scope.calls = scope.calls.saturating_add(1);
    let millis = u32::try_from(millis).unwrap_or(0);
    scope.millis = scope.millis.saturating_add(millis);
    CURRENT.set(scope);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{location::Location, request::REQUEST_FIELDS};

    fn scope(ray: Option<&str>, id: Option<&str>) -> Scope {
        let mut fields = [None; REQUEST_FIELDS.len()];
        let place = |name| REQUEST_FIELDS.iter().position(|known| *known == name);
        fields[place("cf-ray").unwrap()] = ray;
        fields[place("x-request-id").unwrap()] = id;
        Scope::of(&RequestHead {
            method: "GET",
            location: Location {
                scheme: "https".into(),
                host: "shop.example".into(),
                path: "/".into(),
                query: String::new(),
            },
            client: None,
            has_body: false,
            names: "",
            fields,
        })
    }

    #[test]
    fn an_id_is_the_platforms_or_the_clients_and_plain() {
        assert_eq!(scope(Some("8f1-FRA"), Some("x")).id(), "8f1-FRA");
        assert_eq!(scope(None, Some("a\"b\nc d")).id(), "abcd");
        assert_eq!(scope(None, Some(&"a".repeat(100))).id().len(), MAX_ID);
        assert_eq!(scope(None, None).id(), "");
    }

    #[test]
    fn a_scope_is_in_place_while_its_work_runs() {
        let mut one = scope(Some("one"), None);
        let mut other = scope(Some("other"), None);
        one.around(|| {
            store_call(7);
            other.around(|| store_call(1));
            assert_eq!(Scope::current().id(), "one");
        });
        assert_eq!(Scope::current().id(), "");
        assert_eq!((one.calls, one.millis, other.calls), (1, 7, 1));
    }
}
