//! `/_session` where the site keeps its sessions itself: changes go into the row that is there. The
//! site alone makes sessions, and says who somebody is.

use session_codec::Timestamp;
use session_store::StoreError;
use worker::{Env, Headers, web_sys};

use super::{
    MAX_BODY, Reply, Scope, Verb,
    authority::{self, Authority},
    changed,
    refusal::Refusal,
    refused,
};
use crate::{
    body, clock,
    location::Location,
    rows::{Found, Replaced, RowSession, RowSigner, Rows, Visit},
    session_text,
    settings::Settings,
};

/// Attempts to change a session that others change at the same time.
const ROUNDS: usize = 3;

pub(super) async fn respond(
    request: web_sys::Request,
    location: &Location,
    settings: &Settings,
    signer: &RowSigner,
    cookies: &str,
    env: &Env,
) -> worker::Result<web_sys::Response> {
    let (rows, now) = (Rows::open(settings, env)?, clock::now());
    let sessions = Sessions {
        settings,
        signer,
        rows: &rows,
        cookies,
        now,
    };
    match sessions.answer(request, location).await {
        Ok(reply) => reply.build(),
        Err((refusal, removals)) => refused(&refusal, &removals),
    }
}

/// What one request works with.
struct Sessions<'r> {
    settings: &'r Settings,
    signer: &'r RowSigner,
    rows: &'r Rows,
    cookies: &'r str,
    now: Timestamp,
}

/// A refusal, and the lines that remove a cookie that is worth nothing.
type Refused = (Refusal, Vec<String>);

impl Sessions<'_> {
    async fn answer(
        &self,
        request: web_sys::Request,
        location: &Location,
    ) -> Result<Reply, Refused> {
        let plain = |refusal: Refusal| (refusal, vec![]);
        let headers = Headers(request.headers());
        let access = &self.settings.access;
        let verb = Verb::of(&request.method()).map_err(plain)?;
        match Scope::of(&location.query).map_err(plain)? {
            Scope::Session => {}
            // No index tells whose rows there are.
            _ if verb == Verb::End => return Err(plain(Refusal::RevocationOff)),
            _ => return Err(plain(Refusal::Query)),
        }
        let authority = Authority::of(&headers, access).map_err(plain)?;
        if verb != Verb::Read {
            authority.check_site(&headers, location).map_err(plain)?;
        }
        let visit = self.visit().await?;
        let found = match &visit.found {
            Found::Session(found) => found,
            Found::Conflict => return Err((Refusal::Conflict, visit.removals(self.settings))),
            Found::Nothing | Found::Rejected if verb == Verb::End => {
                return Ok(Reply::done(visit.removals(self.settings)));
            }
            Found::Nothing | Found::Rejected => {
                return Err((Refusal::NoSession, visit.removals(self.settings)));
            }
        };
        match verb {
            Verb::Read => Ok(Reply::showing(found.session(), authority, access, vec![])),
            Verb::End => {
                self.delete(found).await.map_err(plain)?;
                Ok(Reply::done(visit.removals(self.settings)))
            }
            Verb::Merge | Verb::Replace => {
                authority::check_type(&headers).map_err(plain)?;
                let body = body::read(request, MAX_BODY).await;
                let body = body.map_err(|error| plain(error.into()))?;
                let given = session_text::read(body).map_err(|error| plain(error.into()))?;
                self.change(visit, verb, &given, authority).await
            }
        }
    }

    async fn visit(&self) -> Result<Visit, Refused> {
        let Self {
            settings,
            signer,
            rows,
            cookies,
            now,
        } = *self;
        let visit = Visit::read(settings, signer, rows, cookies, now).await;
        visit.map_err(|error| (unavailable(&error), vec![]))
    }

    /// Of two changes at once the second one finds the first one's session, and changes that.
    async fn change(
        &self,
        mut visit: Visit,
        verb: Verb,
        given: &session_codec::Session,
        authority: Authority,
    ) -> Result<Reply, Refused> {
        let Settings {
            access, class_rule, ..
        } = self.settings;
        for _ in 0..ROUNDS {
            let Some(found) = visit.session() else {
                break;
            };
            let before = found.session();
            let after = changed(verb, before, given, authority, access);
            let after = after.map_err(|refusal| (refusal, vec![]))?;
            // A log in needs a new key, which only the site can make.
            if !class_rule.is_same_user(before, &after) {
                let key = class_rule.user_key.clone();
                return Err((Refusal::NotWritable(key), vec![]));
            }
            // A session without keys is none, as with Django.
            if after.is_empty() {
                let deleted = self.delete(found).await;
                deleted.map_err(|refusal| (refusal, vec![]))?;
                let removals = visit.removals(self.settings);
                return Ok(Reply::showing(&after, authority, access, removals));
            }
            let data = self.signer.seal(&after, self.now);
            let data = data.map_err(|_| (Refusal::SessionTooLarge, vec![]))?;
            let change = (found.data(), data.as_str());
            match self.rows.replace(found.key(), change, self.now).await {
                Ok(Replaced::Done) => {
                    crate::counters::saved("ok");
                    return Ok(Reply::showing(&after, authority, access, vec![]));
                }
                Ok(Replaced::Changed) => crate::counters::merged("merged"),
                Ok(Replaced::Gone) => {}
                Err(error) => {
                    crate::counters::saved(error.label());
                    return Err((unavailable(&error), vec![]));
                }
            }
            visit = self.visit().await?;
        }
        match visit.found {
            Found::Session(_) => {
                crate::counters::saved("contested");
                Err((Refusal::Contested, vec![]))
            }
            _ => Err((Refusal::NoSession, visit.removals(self.settings))),
        }
    }

    async fn delete(&self, found: &RowSession) -> Result<(), Refusal> {
        let deleted = self.rows.delete(found.key(), self.now).await;
        deleted.map_err(|error| unavailable(&error))?;
        crate::counters::revoked("api");
        Ok(())
    }
}

fn unavailable(error: &StoreError) -> Refusal {
    crate::log::warn("session-unavailable", &serde_json::json!(error.label()));
    Refusal::Unavailable
}
