use core::fmt;

use alloc::{string::String, vec::Vec};

use crate::{
    compress::{Deflater, Inflater},
    policy::Plan,
    session::Session,
};

/// Buffers and compressor state, kept between calls: make one a thread and pass it along.
///
/// A fresh compressor costs more than compressing a small session, and the buffers grow once to
/// what the sessions need.
#[derive(Default)]
pub struct Workspace {
    pub(crate) deflater: Deflater,
    pub(crate) inflater: Inflater,
    /// A session's JSON.
    pub(crate) json: String,
    /// The same text rewritten.
    pub(crate) spare: String,
    /// The part of a body that must not be compressed.
    pub(crate) plain: Vec<u8>,
    /// A body: JSON, compressed or not.
    pub(crate) body: Vec<u8>,
    /// The body that goes into the cookie.
    pub(crate) kept: Vec<u8>,
    /// An envelope before base64url.
    pub(crate) raw: Vec<u8>,
}

impl Workspace {
    /// Allocates the compressor's state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts the JSON of the members that `chosen` picks into `json`.
    pub(crate) fn write_json(&mut self, session: &Session, chosen: impl Fn(usize) -> bool) {
        self.json.clear();
        session.write_members(chosen, &mut self.json);
    }

    /// The same, with the member that says when these keys end.
    pub(crate) fn write_part(
        &mut self,
        session: &Session,
        plan: &Plan,
        chosen: impl Fn(usize) -> bool + Copy,
    ) {
        self.write_json(session, chosen);
        add_member(&mut self.json, plan.ends_member(session, chosen).as_deref());
    }
}

/// Appends a member to a JSON object without white space.
pub(crate) fn add_member(json: &mut String, member: Option<&str>) {
    let Some(member) = member else {
        return;
    };
    json.pop();
    if json.len() > 1 {
        json.push(',');
    }
    json.push_str(member);
    json.push('}');
}

impl fmt::Debug for Workspace {
    /// Without content: the buffers held sessions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").finish_non_exhaustive()
    }
}
