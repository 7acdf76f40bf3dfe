//! Keys in the order of their code points, as `json.dumps(…, sort_keys=True)` writes them.

use alloc::{format, string::String};

use proptest::prelude::*;

use super::{super::write_sorted, canonical, value};
use crate::text::json::{JsonError, JsonErrorKind};

fn sorted(text: &str) -> Result<String, JsonError> {
    let mut out = String::new();
    write_sorted(text, 1000, &mut out)?;
    Ok(out)
}

/// Python 3.11's own output.
#[test]
fn sorts_as_python_does() {
    for (text, python) in [
        (
            r#"{"b":{"\u00e9":1,"z":[{"y":0,"x":-0}],"a ":2,"a!":3,"a":4,"a\"":5},"a":1e5}"#,
            r#"{"a":100000.0,"b":{"a":4,"a ":2,"a!":3,"a\"":5,"z":[{"x":0,"y":0}],"\u00e9":1}}"#,
        ),
        (
            r#"{"\ud83c\udf6a":1,"\uffff":2,"\ud83c":3,"\udf6a":4,"\ue000":5,"":6,"A":7,"\\":8,"]":9,"b":{"q":1,"p":2,"q":3}}"#,
            r#"{"":6,"A":7,"\\":8,"]":9,"b":{"p":2,"q":3},"\ud83c":3,"\udf6a":4,"\ue000":5,"\uffff":2,"\ud83c\udf6a":1}"#,
        ),
        (
            r#"[{"b":1,"a":2},{"a":1},{},[{"d":[{"f":1,"e":2}],"c":3}]]"#,
            r#"[{"a":2,"b":1},{"a":1},{},[{"c":3,"d":[{"e":2,"f":1}]}]]"#,
        ),
        (
            r#"{"b":1,"a":{"d":1,"c":2,"d":3},"b":{"z":1,"y":2},"\u0061":{"m":[],"l":{}}}"#,
            r#"{"a":{"l":{},"m":[]},"b":{"y":2,"z":1}}"#,
        ),
        (
            r#"{"k9":1,"k10":2,"k1":3,"K":4,"\u007f":5,"~":6,"\n":7,"\u0000":8,"/":9}"#,
            r#"{"\u0000":8,"\n":7,"/":9,"K":4,"k1":3,"k10":2,"k9":1,"~":6,"\u007f":5}"#,
        ),
        (r#""b a""#, r#""b a""#),
    ] {
        assert_eq!(sorted(text).unwrap(), python);
        assert_eq!(sorted(python).unwrap(), python);
    }
}

#[test]
fn what_was_written_before_stays() {
    let mut out = String::from(r#"{"z":1,"a":2}"#);
    write_sorted(r#"{"z":1,"a":2}"#, 1000, &mut out).unwrap();
    assert_eq!(out, r#"{"z":1,"a":2}{"a":2,"z":1}"#);
    let error = write_sorted(r#"{"z":1,"a":"#, 1000, &mut out).unwrap_err();
    assert_eq!(error.kind, JsonErrorKind::UnexpectedEnd);
    assert_eq!(out, r#"{"z":1,"a":2}{"a":2,"z":1}"#);
}

/// Each would take minutes, or end the stack, if the work grew with the square of the text.
#[test]
fn work_is_linear() {
    let many: String = (0..100_000)
        .rev()
        .map(|key| format!("\"k{key:05}\":1,"))
        .collect();
    let written = sorted(&format!("{{{many}\"a\":0}}")).unwrap();
    assert!(written.starts_with(r#"{"a":0,"k00000":1,"k00001":1,"#));

    let deep = |open: &str, close: &str| {
        let long = "x".repeat(1 << 20);
        format!("{}\"{long}\"{}", open.repeat(999), close.repeat(999))
    };
    assert_eq!(
        sorted(&deep(r#"{"b":1,"c":2,"a":"#, "}")).unwrap(),
        deep(r#"{"a":"#, r#","b":1,"c":2}"#)
    );
}

/// The members of every object the last one first, with spaces.
fn reversed(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let members = map.iter().rev();
            let members = members
                .map(|(key, value)| format!("{} : {}", Value::from(&**key), reversed(value)));
            format!(
                "{{{}}}",
                members.collect::<alloc::vec::Vec<_>>().join(" , ")
            )
        }
        Value::Array(values) => {
            let values = values.iter().map(reversed);
            format!("[{}]", values.collect::<alloc::vec::Vec<_>>().join(" , "))
        }
        other => format!("{other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// `serde_json` keeps an object in a map, which orders UTF-8: that is the order of code points.
    #[test]
    fn sorts_as_a_map_does(value in value()) {
        let expected = canonical(&format!("{value}")).unwrap();
        prop_assert_eq!(sorted(&reversed(&value)).unwrap(), &*expected);
        prop_assert_eq!(sorted(&expected).unwrap(), expected);
    }
}
