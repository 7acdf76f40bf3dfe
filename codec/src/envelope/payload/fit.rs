//! Which keys of a session a payload has room for.

use alloc::string::String;

use rand_core::TryCryptoRng;

use super::write;
use crate::{
    draft::Draft,
    envelope::{Tools, Written, ticket_member},
    error::SealError,
    placement::{Placement, Planned, Room, Whole},
    random::drawn,
    session::SessionData,
    text::json::{self, add_member},
    workspace::Workspace,
};

/// Characters left after a payload for its time and signature, which come after it.
const TAIL_ROOM: usize = 64;

/// How a reader's own writer spells JSON.
#[derive(Clone, Copy)]
pub(crate) enum Spelling {
    /// As Python does; keys stay where they are.
    Python,
    /// The same with sorted keys.
    #[cfg(feature = "flask")]
    PythonSorted,
}

impl Spelling {
    const fn keeps_order(self) -> bool {
        matches!(self, Self::Python)
    }

    /// Rewrites the workspace's JSON.
    pub(crate) fn apply(self, workspace: &mut Workspace) -> Result<(), SealError> {
        let Workspace { json, spare, .. } = workspace;
        spare.clear();
        let written = match self {
            Self::Python => json::write_canonical(json, json::DEPTH_LIMIT, spare),
            #[cfg(feature = "flask")]
            Self::PythonSorted => json::write_sorted(json, json::DEPTH_LIMIT, spare),
        };
        // It was checked when it entered the session; only its depth can have grown, by one.
        written.map_err(|_| SealError::TooDeep)?;
        core::mem::swap(json, spare);
        Ok(())
    }
}

/// The payload of what fits into `capacity` characters, spelled as its reader does, the placement,
/// and the record of what did not fit. The workspace holds the JSON of everything.
pub(crate) fn fit(
    spelling: Spelling,
    draft: &Draft<'_>,
    capacity: usize,
    tools: &Tools<'_>,
    rng: &mut impl TryCryptoRng,
    workspace: &mut Workspace,
) -> Result<Written, SealError> {
    let placing = tools.placing;
    let mut value = String::with_capacity(capacity.saturating_add(TAIL_ROOM));
    let placement = draft.planned.plan.whole();
    spelling.apply(workspace)?;
    let bytes = workspace.json.len();
    let whole = placing.try_whole(capacity, bytes, &placement, || {
        let characters = write(workspace, capacity, &mut value);
        placing.may_be_opened(workspace).then_some(characters)
    });
    if matches!(whole, Whole::Fits) {
        return Ok(Written {
            value,
            placement,
            record: None,
            named: None,
        });
    }
    // Where keys keep their places, one rewriting serves all the sets that will be measured.
    let spelled;
    let (session, respelling) = if spelling.keeps_order() {
        draft
            .planned
            .session
            .write_only(|_| true, &mut workspace.json);
        spelling.apply(workspace)?;
        let json = workspace.json.as_str();
        spelled = SessionData::from_json(json).map_err(|_| SealError::TooDeep)?;
        (&spelled, None)
    } else {
        (draft.planned.session, Some(spelling))
    };
    let planned = Planned {
        session,
        ..draft.planned
    };
    let draft = Draft { planned, ..*draft };
    // The search asks with a random ticket, which compresses as little as a real one.
    let guess = ticket_member::member(&drawn(rng)?);
    let room = Room::characters(capacity);
    let mut candidate = Candidate {
        planned,
        respelling,
        capacity,
        value: &mut value,
    };
    let measure = |placement: &Placement| {
        let member = placement.spills().then_some(guess.as_str());
        let written = candidate.write(placement, member, workspace).ok();
        written.filter(|_| placing.may_be_opened(workspace))
    };
    let mut selection = placing.place(planned, room, whole, measure)?;
    loop {
        let placement = selection.placement();
        let (mut member, mut record) = (None, None);
        if placement.spills() {
            let sealed = tools
                .records
                .seal(&draft, &placement, tools.bodies, rng, workspace)?;
            let bytes = ticket_member::bytes(&sealed.spilled);
            member = Some(ticket_member::member(&bytes));
            record = Some(sealed);
        }
        let characters = candidate.write(&placement, member.as_deref(), workspace)?;
        if characters <= capacity {
            return Ok(Written {
                value,
                placement,
                named: record.as_ref().map(|record| record.spilled),
                record,
            });
        }
        // The real ticket compressed a few bytes worse than the guess: one key less.
        if !selection.shrink(|index| placing.may_overflow(session, index)) {
            return Err(placing.does_not_fit());
        }
    }
}

/// A set of keys, tried.
struct Candidate<'a> {
    planned: Planned<'a>,
    /// Where the session is not spelled as its reader does already.
    respelling: Option<Spelling>,
    capacity: usize,
    value: &'a mut String,
}

impl Candidate<'_> {
    /// Puts the payload of the keys that stay and one more member into `value` if it fits, and says
    /// what it takes.
    fn write(
        &mut self,
        placement: &Placement,
        member: Option<&str>,
        workspace: &mut Workspace,
    ) -> Result<usize, SealError> {
        let planned = self.planned.in_cookie(placement);
        planned.write_part(|index| placement.keeps(index), &mut workspace.json);
        self.value.clear();
        add_member(&mut workspace.json, member);
        if let Some(spelling) = self.respelling {
            spelling.apply(workspace)?;
        }
        Ok(write(workspace, self.capacity, self.value))
    }
}
