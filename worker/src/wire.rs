//! What the shell and the module tell each other, as lines of text: one string each way costs less
//! than a call for each header field.
//!
//! A header field's value has no line break. Values in an agreed order stand one on a line, and
//! NUL, which no value can have, stands for a field that is absent.

use session_gateway::{
    Answer, Edit, Forward, Location, Outcome, REQUEST_FIELDS, RESPONSE_FIELDS, RequestHead,
    ResponseHead, Scope,
};

/// The address of a client, as the platform says it.
pub(crate) const CLIENT: &str = "cf-connecting-ip";

/// A text of the shell's that is not what was agreed on: the two are not of one build.
#[derive(Debug)]
pub(crate) struct Garbled;

/// Reads the head of a request: method, scheme, host, path, query, the names of all fields, whether
/// there is a body, then the values of [`REQUEST_FIELDS`] and of [`CLIENT`].
pub(crate) fn request(text: &str) -> Result<RequestHead<'_>, Garbled> {
    let mut lines = text.split('\n');
    let mut next = || lines.next().ok_or(Garbled);
    let method = next()?;
    let location = Location {
        scheme: next()?.to_owned(),
        host: next()?.to_owned(),
        path: next()?.to_owned(),
        query: next()?.to_owned(),
    };
    let names = next()?;
    let has_body = next()? == "1";
    let mut fields = [None; REQUEST_FIELDS.len()];
    for field in &mut fields {
        *field = value(next()?);
    }
    Ok(RequestHead {
        method,
        location,
        client: value(next()?),
        has_body,
        names,
        fields,
    })
}

/// Reads the head of an answer: status, the names of all fields, the values of
/// [`RESPONSE_FIELDS`], then the `Set-Cookie` fields.
pub(crate) fn response(text: &str) -> Result<ResponseHead<'_>, Garbled> {
    let mut lines = text.split('\n');
    let status = lines.next().and_then(|status| status.parse().ok());
    let status = status.ok_or(Garbled)?;
    let names = lines.next().ok_or(Garbled)?;
    let mut fields = [None; RESPONSE_FIELDS.len()];
    for field in &mut fields {
        *field = value(lines.next().ok_or(Garbled)?);
    }
    Ok(ResponseHead {
        status,
        names,
        fields,
        set_cookies: lines.collect(),
    })
}

fn value(line: &str) -> Option<&str> {
    (line != "\0").then_some(line)
}

/// An answer of ours: `A` and the status, its fields as lines `+name: value`, an empty line, the
/// body.
pub(crate) fn answer(answer: &Answer) -> String {
    let mut text = format!("A{}\n", answer.status);
    for (name, value) in &answer.fields {
        field(&mut text, '+', name, value);
    }
    // For whoever complains of it, and the log.
    let scope = Scope::current();
    if !scope.id().is_empty() {
        field(&mut text, '+', "x-request-id", scope.id());
    }
    text.push('\n');
    text.push_str(&answer.body);
    text
}

/// A request for the origin: `F`, then `c` if the platform's caches must not answer it, `r` if it may
/// be sent twice and `t` if a trace begins with it; the URL; the edits.
pub(crate) fn forward(forward: &Forward) -> String {
    let mut text = String::with_capacity(512);
    text.push('F');
    if forward.past_caches {
        text.push('c');
    }
    if forward.is_repeatable {
        text.push('r');
    }
    if forward.begins_trace {
        text.push('t');
    }
    text.push('\n');
    text.push_str(&forward.target);
    text.push('\n');
    edits(&mut text, &forward.edits);
    text
}

/// What becomes of the origin's answer: nothing if it is as it is, `R` and the edits, or an answer
/// of ours.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::AsItIs => String::new(),
        Outcome::Edited(changes) => {
            let mut text = String::from("R\n");
            edits(&mut text, changes);
            text
        }
        Outcome::Answer(ours) => answer(ours),
    }
}

/// `-name`, `=name: value` in place of all that there are, `+name: value` beside them.
fn edits(text: &mut String, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Remove(name) => {
                text.push('-');
                text.push_str(name);
                text.push('\n');
            }
            Edit::Set(name, value) => field(text, '=', name, value),
            Edit::Append(name, value) => field(text, '+', name, value),
        }
    }
}

fn field(text: &mut String, kind: char, name: &str, value: &str) {
    text.push(kind);
    text.push_str(name);
    text.push_str(": ");
    text.push_str(value);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_the_shell_writes_it() {
        let mut lines = vec![
            "GET",
            "https",
            "shop.example",
            "/a",
            "?b",
            "accept,cookie",
            "0",
        ];
        lines.resize(7 + REQUEST_FIELDS.len(), "\0");
        lines[7] = "text/html";
        lines.push("203.0.113.9");
        let text = lines.join("\n");
        let head = request(&text).unwrap();
        assert_eq!((head.method, head.names), ("GET", "accept,cookie"));
        assert_eq!(head.location.query, "?b");
        assert_eq!(head.fields[0], Some("text/html"));
        assert_eq!(head.fields[1], None);
        assert_eq!(head.client, Some("203.0.113.9"));
        assert!(request("GET\nhttps").is_err());
    }

    #[test]
    fn an_answer_is_read_as_the_shell_writes_it() {
        let mut lines = vec!["200", "vary,set-cookie"];
        lines.resize(2 + RESPONSE_FIELDS.len(), "\0");
        lines.extend(["a=b", "c=d"]);
        let text = lines.join("\n");
        let head = response(&text).unwrap();
        assert_eq!((head.status, head.set_cookies), (200, vec!["a=b", "c=d"]));
        assert!(response("x").is_err());
    }

    #[test]
    fn decisions_are_lines() {
        let asked = Forward {
            target: "https://o.example/a".to_owned(),
            edits: vec![
                Edit::Remove("x-real-ip".into()),
                Edit::Set("cookie".into(), "a=b".to_owned()),
            ],
            past_caches: true,
            is_repeatable: true,
            begins_trace: true,
        };
        let expected = "Fcrt\nhttps://o.example/a\n-x-real-ip\n=cookie: a=b\n";
        assert_eq!(forward(&asked), expected);
        let line = Edit::Append("set-cookie".into(), "a=b".to_owned());
        let edited = outcome(&Outcome::Edited(vec![line]));
        assert_eq!(edited, "R\n+set-cookie: a=b\n");
        assert_eq!(outcome(&Outcome::AsItIs), "");
        let ours = answer(&Answer::new(404, "text/plain", "a\n\nb".to_owned()));
        assert!(ours.starts_with("A404\n+content-type: text/plain\n"));
        assert!(ours.ends_with("\n\na\n\nb"));
    }
}
