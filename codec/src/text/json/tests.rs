use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};
use proptest::prelude::*;

#[cfg(feature = "flask")]
mod sorted;

use super::JsonErrorKind::*;
use super::string::LoneSurrogate;
use super::*;

fn canonical(text: &str) -> Result<String, JsonError> {
    let mut out = String::new();
    write_canonical(text, DEPTH_LIMIT, &mut out).map(|()| out)
}

fn members(text: &str) -> Result<Vec<(String, String)>, JsonError> {
    let mut members = Vec::new();
    object_members(text, DEPTH_LIMIT, &mut members)?;
    Ok(members
        .iter()
        .map(|member| {
            (
                member.key.of(text).to_string(),
                member.value.of(text).to_string(),
            )
        })
        .collect())
}

/// Every reader says the same of `text`.
fn refused(text: &str, depth: u16) -> Option<JsonError> {
    let plain = validate(text, depth).err();
    let mut out = String::from("kept");
    assert_eq!(
        write_canonical(text, depth, &mut out).err(),
        plain,
        "{text:.100}"
    );
    let mut found = vec![Member {
        key: Span { start: 0, end: 0 },
        value: Span { start: 0, end: 0 },
    }];
    let listed = object_members(text, depth, &mut found).err();
    if plain.is_some() {
        assert_eq!(listed, plain, "{text:.100}");
        assert_eq!(out, "kept");
        assert!(plain.is_some_and(|error| error.at <= text.len()));
    }
    if listed.is_some() {
        assert_eq!(found.len(), 1);
    }
    plain
}

#[test]
fn lists_the_members_in_order() {
    let text = " { \"b\" : 1 ,\t\"a\\n\":[1, {\"x\":{}}] ,\"b\":{\"b\":[]},\"\":\" \"\r\n} ";
    let expected = [
        ("b", "1"),
        ("a\\n", "[1, {\"x\":{}}]"),
        ("b", "{\"b\":[]}"),
        ("", "\" \""),
    ];
    assert_eq!(
        members(text).unwrap(),
        expected.map(|(key, value)| (key.into(), value.into()))
    );
    assert_eq!(members("{}").unwrap(), []);
    assert_eq!(members(" {\n} ").unwrap(), []);
}

#[test]
fn only_an_object_has_members() {
    for text in ["[]", "[{\"a\":1}]", "1", "\"{}\"", "null", "NaN", "[[1]]"] {
        assert_eq!(members(text).unwrap_err().kind, NotAnObject, "{text}");
    }
}

#[test]
fn a_foreign_span_is_empty() {
    assert_eq!(Span { start: 1, end: 9 }.of("é"), "");
    assert_eq!(Span { start: 2, end: 1 }.of("abc"), "");
    assert_eq!(Span { start: 1, end: 2 }.of("é"), "");
}

#[test]
fn refuses_what_python_refuses() {
    for (text, kind, at) in [
        ("", UnexpectedEnd, 0),
        (" \n", UnexpectedEnd, 2),
        ("\u{feff}{}", UnexpectedByte, 0),
        ("{} x", TrailingData, 3),
        ("{}{}", TrailingData, 2),
        ("01", TrailingData, 1),
        ("-01", TrailingData, 2),
        ("1.", UnexpectedEnd, 2),
        ("1.e5", UnexpectedByte, 2),
        (".5", UnexpectedByte, 0),
        ("+1", UnexpectedByte, 0),
        ("-", UnexpectedEnd, 1),
        ("--1", UnexpectedByte, 1),
        ("1e", UnexpectedEnd, 2),
        ("1e+", UnexpectedEnd, 3),
        ("[1e+]", UnexpectedByte, 4),
        ("0x10", TrailingData, 1),
        ("1_000", TrailingData, 1),
        ("-NaN", UnexpectedByte, 1),
        ("nan", UnexpectedByte, 0),
        ("infinity", UnexpectedByte, 0),
        ("-Inf", UnexpectedEnd, 4),
        ("Infinit", UnexpectedEnd, 7),
        ("tru", UnexpectedEnd, 3),
        ("True", UnexpectedByte, 0),
        ("nullx", TrailingData, 4),
        ("[nullx]", UnexpectedByte, 5),
        ("{", UnexpectedEnd, 1),
        ("[", UnexpectedEnd, 1),
        ("[1", UnexpectedEnd, 2),
        ("[1,", UnexpectedEnd, 3),
        ("[1,]", UnexpectedByte, 3),
        ("[,]", UnexpectedByte, 1),
        ("[1 2]", UnexpectedByte, 3),
        ("]", UnexpectedByte, 0),
        ("[}", UnexpectedByte, 1),
        ("{]", UnexpectedByte, 1),
        ("[{]}", UnexpectedByte, 2),
        ("{\"a\":1]", UnexpectedByte, 6),
        ("{\"a\"}", UnexpectedByte, 4),
        ("{\"a\":}", UnexpectedByte, 5),
        ("{\"a\":1,}", UnexpectedByte, 7),
        ("{\"a\" 1}", UnexpectedByte, 5),
        ("{a:1}", UnexpectedByte, 1),
        ("{'a':1}", UnexpectedByte, 1),
        ("{1:1}", UnexpectedByte, 1),
        ("{\"a\":1 \"b\":2}", UnexpectedByte, 7),
        ("//x\n{}", UnexpectedByte, 0),
        ("{}/**/", TrailingData, 2),
        ("[\u{b}]", UnexpectedByte, 1),
        ("[\u{a0}]", UnexpectedByte, 1),
        ("{}\0", TrailingData, 2),
        ("\"abc", UnexpectedEnd, 4),
        ("\"abc\\", UnexpectedEnd, 5),
        ("\"abc\\\"", UnexpectedEnd, 6),
        ("\"\\u12", UnexpectedEnd, 5),
        ("\"\\u12g4\"", BadEscape, 1),
        ("\"\\u+123\"", BadEscape, 1),
        ("\"\\x41\"", BadEscape, 1),
        ("\"\\U0041\"", BadEscape, 1),
        ("\"\\é\"", BadEscape, 1),
        ("\"a\nb\"", ControlCharacter, 2),
        ("\"0123456789\u{1f}\"", ControlCharacter, 11),
        ("\"\0\"", ControlCharacter, 1),
        ("{\"a\t\":1}", ControlCharacter, 3),
    ] {
        assert_eq!(
            refused(text, DEPTH_LIMIT),
            Some(JsonError { kind, at }),
            "{text:?}"
        );
    }
}

#[test]
fn writes_what_python_writes() {
    for (text, written) in [
        // Words and white space.
        (
            " [ NaN , Infinity , -Infinity , true , false , null ] ",
            "[NaN,Infinity,-Infinity,true,false,null]",
        ),
        ("{ \"a\" :\r\n\t{ } , \"b\" : [ ] }", "{\"a\":{},\"b\":[]}"),
        // Integers.
        ("-0", "0"),
        ("[0,-0,-1]", "[0,0,-1]"),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        ),
        // Floats.
        ("[1.0,-0.0,0.0,0e0,-0e5]", "[1.0,-0.0,0.0,0.0,-0.0]"),
        (
            "[1e16,1E+16,1e15,9999999999999998.0,12345678901234567.0]",
            "[1e+16,1e+16,1000000000000000.0,9999999999999998.0,1.2345678901234568e+16]",
        ),
        (
            "[0.0001,0.00001,1.00005e3,0.00012,0.000012]",
            "[0.0001,1e-05,1000.05,0.00012,1.2e-05]",
        ),
        (
            "[1.50,100.0,1e2,0.10,123456.789,3.00]",
            "[1.5,100.0,100.0,0.1,123456.789,3.0]",
        ),
        (
            "[1e400,-1e400,1e-400,-1e-400,5e-324,1.7976931348623157e308]",
            "[Infinity,-Infinity,0.0,-0.0,5e-324,1.7976931348623157e+308]",
        ),
        (
            "[0.1000000000000000055511151231257827,1.5e-7,1e22,1e23,2e-308]",
            "[0.1,1.5e-07,1e+22,1e+23,2e-308]",
        ),
        (
            "[1e99999999999999999999,1e-99999999999999999999,0e99999999999999999999]",
            "[Infinity,0.0,0.0]",
        ),
        // Half-way between two shortest texts: the even one.
        (
            "[705253673325983.25,2229973206608125.25,26551968449788.5625,705253673325983.75]",
            "[705253673325983.2,2229973206608125.2,26551968449788.562,705253673325983.8]",
        ),
        // The same at a power of two, below which floats are closer: the even one would not read back.
        ("[5.9604644775390625e-8]", "[5.960464477539063e-08]"),
        // Strings.
        (
            "\"\\u0041\\/\\u002f\\\"\\\\\\b\\f\\n\\r\\t\\u000a\\u0022\\u005C\"",
            "\"A//\\\"\\\\\\b\\f\\n\\r\\t\\n\\\"\\\\\"",
        ),
        (
            "\"é\u{7f}\u{80}\u{2028}🍪\"",
            "\"\\u00e9\\u007f\\u0080\\u2028\\ud83c\\udf6a\"",
        ),
        (
            "\"\\uD83C\\uDF6A \\ud83c \\udf6a\\uDF6A\\ud83c\"",
            "\"\\ud83c\\udf6a \\ud83c \\udf6a\\udf6a\\ud83c\"",
        ),
        (
            "\"\\u007F\\u007e\\u001f\\u0000\"",
            "\"\\u007f~\\u001f\\u0000\"",
        ),
        (
            "{\"\\u00e9\":\"\\u00E9\",\"\\u0061\":1}",
            "{\"\\u00e9\":\"\\u00e9\",\"a\":1}",
        ),
    ] {
        assert_eq!(canonical(text).unwrap(), written, "{text}");
        assert_eq!(canonical(written).unwrap(), written, "{text}");
    }
}

#[test]
fn appends() {
    let mut out = String::from("é");
    write_canonical(
        "{\"a\": 1, \"a\": {\"b\":1,\"b\":2}}",
        DEPTH_LIMIT,
        &mut out,
    )
    .unwrap();
    assert_eq!(out, "é{\"a\":{\"b\":2}}");
}

#[test]
fn the_last_of_duplicates_at_the_place_of_the_first() {
    for (text, written) in [
        ("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"),
        ("{\"a\":1,\"a\":1}", "{\"a\":1}"),
        (
            "{\"b\":0,\"a\":1,\"\\u0061\":2,\"b\":{},\"a\":[3]}",
            "{\"b\":{},\"a\":[3]}",
        ),
        ("{\"é\":1,\"\\u00E9\":2}", "{\"\\u00e9\":2}"),
        (
            "{\"\\ud83c\":1,\"\\uD83C\":2,\"\\ud83c\\udf6a\":3,\"🍪\":4}",
            "{\"\\ud83c\":2,\"\\ud83c\\udf6a\":4}",
        ),
        (
            "{\"a\":{\"x\":1,\"x\":2},\"b\":{\"x\":1,\"x\":{\"y\":1,\"y\":{}}},\"a\":{\"x\":3}}",
            "{\"a\":{\"x\":3},\"b\":{\"x\":{\"y\":{}}}}",
        ),
        (
            "[{\"a\":1,\"a\":2},[{\"b\":{\"c\":1,\"c\":2},\"b\":[{\"d\":1,\"d\":2},3]}],{\"a\":1}]",
            "[{\"a\":2},[{\"b\":[{\"d\":2},3]}],{\"a\":1}]",
        ),
        ("{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}"),
        ("{\"\":1,\"\":2}", "{\"\":2}"),
        // The same length, the same start: different keys all the same.
        (
            "{\"ab\":1,\"ac\":2,\"aa\":3}",
            "{\"ab\":1,\"ac\":2,\"aa\":3}",
        ),
    ] {
        assert_eq!(canonical(text).unwrap(), written, "{text}");
    }
}

#[test]
fn integers_have_pythons_limit() {
    let longest = "9".repeat(INTEGER_DIGITS);
    for text in [
        longest.clone(),
        format!("-{longest}"),
        format!("[{longest}]"),
        format!("{longest}9.0"),
        format!("{longest}9e1"),
    ] {
        assert_eq!(refused(&text, DEPTH_LIMIT), None);
    }
    assert_eq!(canonical(&longest).unwrap(), longest);
    assert_eq!(canonical(&format!("{longest}9.0")).unwrap(), "Infinity");
    let error = refused(&format!("[-{longest}9]"), DEPTH_LIMIT).unwrap();
    assert_eq!(
        error,
        JsonError {
            kind: IntegerTooLong,
            at: 2
        }
    );
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"\":", "}]")] {
        let levels = open.matches(['[', '{']).count();
        for limit in [levels, 6, 64, 66, 128, 1000] {
            let nested = |times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
            let times = limit / levels;
            assert_eq!(refused(&nested(times), limit as u16), None);
            assert_eq!(canonical(&nested(times)).unwrap(), nested(times));
            assert_eq!(
                refused(&nested(times + 1), limit as u16).unwrap().kind,
                TooDeep
            );
        }
        assert_eq!(
            refused(
                &format!("{}1{}", open.repeat(1001), close.repeat(1001)),
                u16::MAX
            )
            .unwrap()
            .kind,
            TooDeep
        );
        assert_eq!(
            refused(&open.repeat(1_000_000), u16::MAX).unwrap().kind,
            TooDeep
        );
    }
    assert_eq!(refused("1", 0), None);
    assert_eq!(
        refused("[]", 0),
        Some(JsonError {
            kind: TooDeep,
            at: 0
        })
    );
    // What closes is what was opened, across the words of the bit stack.
    let open: String = (0..1000)
        .map(|level| if level % 3 == 0 { "{\"k\":" } else { "[" })
        .collect();
    let close: String = (0..1000)
        .rev()
        .map(|level| if level % 3 == 0 { '}' } else { ']' })
        .collect();
    assert_eq!(refused(&format!("{open}1{close}"), 1000), None);
    let wrong = close.replacen("]}", "}]", 1);
    assert_eq!(
        refused(&format!("{open}1{wrong}"), 1000).unwrap().kind,
        UnexpectedByte
    );
}

/// Each would take minutes if the work grew with the square of the text.
#[test]
fn work_is_linear() {
    let many: String = (0..200_000)
        .map(|key| format!("\"key{}\":{key},", key % 100_000))
        .collect();
    let written = canonical(&format!("{{{}\"last\":0}}", many)).unwrap();
    assert!(written.starts_with("{\"key0\":100000,\"key1\":100001,"));
    assert_eq!(members(&written).unwrap().len(), 100_001);

    // Duplicates at each of 1000 levels, around 1 MB.
    let deep = format!(
        "{}\"{}\"{}",
        "{\"a\":1,\"b\":2,\"a\":".repeat(999),
        "x".repeat(1 << 20),
        "}".repeat(999)
    );
    let plain = format!(
        "{}\"{}\"{}",
        "{\"a\":".repeat(999),
        "x".repeat(1 << 20),
        ",\"b\":2}".repeat(999)
    );
    assert_eq!(canonical(&deep).unwrap(), plain);

    // 40,000 objects with duplicates, most of them inside of what is dropped.
    let wide = "{\"a\":1,\"a\":2},".repeat(20_000);
    let text = format!("{{\"x\":[{wide}0],\"x\":[{wide}0]}}");
    assert_eq!(
        canonical(&text).unwrap(),
        format!("{{\"x\":[{}0]}}", "{\"a\":2},".repeat(20_000))
    );
}

#[test]
fn write_string_is_pythons() {
    for (text, written) in [
        ("", "\"\""),
        (
            "plain text, long enough for a word",
            "\"plain text, long enough for a word\"",
        ),
        ("a\"b\\c/d", "\"a\\\"b\\\\c/d\""),
        (
            "\u{8}\t\n\u{c}\r\0\u{1f}\u{7f}",
            "\"\\b\\t\\n\\f\\r\\u0000\\u001f\\u007f\"",
        ),
        ("é€🍪\u{ffff}", "\"\\u00e9\\u20ac\\ud83c\\udf6a\\uffff\""),
    ] {
        let mut out = String::new();
        write_string(text, &mut out);
        assert_eq!(out, written);
    }
}

#[test]
fn unescape_gives_the_text() {
    assert!(matches!(
        unescape("é plain"),
        Ok(alloc::borrow::Cow::Borrowed("é plain"))
    ));
    for (raw, text) in [
        (
            "\\u0041é\\/\\\"\\\\\\b\\f\\n\\r\\t!",
            "Aé/\"\\\u{8}\u{c}\n\r\t!",
        ),
        ("\\ud83c\\udf6a\\uD83C\\uDF6A", "🍪🍪"),
        ("x\\uffff\\u0000", "x\u{ffff}\0"),
    ] {
        assert_eq!(unescape(raw).unwrap(), text);
    }
    for raw in [
        "\\ud83c",
        "\\udf6a",
        "\\ud83c\\ud83c\\udf6a",
        "\\ud83cx",
        "\\ud83c\\n",
        "\\udf6a\\ud83c",
        "\\",
        "\\x",
        "\\u12",
        "\\u00é",
    ] {
        assert_eq!(unescape(raw), Err(LoneSurrogate), "{raw}");
    }
}

#[test]
fn errors_tell_where() {
    let error = validate("[1,]", DEPTH_LIMIT).unwrap_err();
    assert_eq!(error.to_string(), "JSON: unexpected character (byte 3)");
}

/// Any value of the subset on which Python and `serde_json` agree.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::hash_map("[a-c\\\\\"é🍪]{0,2}", inner, 0..20)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn keeps_the_value(value in value(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let text = text.unwrap();
        let written = canonical(&text).unwrap();
        prop_assert!(written.is_ascii());
        let back: serde_json::Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(&back, &serde_json::from_str::<serde_json::Value>(&text).unwrap());
        prop_assert_eq!(canonical(&written).unwrap(), written);
        if let Some(object) = value.as_object() {
            let listed = members(&text).unwrap();
            prop_assert_eq!(listed.len(), object.len());
            for (key, value) in listed {
                let key = unescape(&key).unwrap();
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&value).unwrap(), object.get(&*key).unwrap());
            }
        }
    }

    #[test]
    fn accepts_what_serde_accepts(text in "[\\[\\]{}:,\"\\\\0-9eE.+\\-a-buntrfls \n]{0,12}") {
        let ours = refused(&text, DEPTH_LIMIT);
        // serde_json refuses floats beyond 64 bits, which Python reads as infinities, and some lone
        // surrogates; beyond that the alphabet above is common ground.
        match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) => prop_assert_eq!(ours, None),
            Err(error) if error.to_string().contains("out of range") || error.to_string().contains("surrogate") => {}
            Err(_) => prop_assert!(ours.is_some()),
        }
    }

    #[test]
    fn takes_any_text(text: String) {
        refused(&text, DEPTH_LIMIT);
        refused(&format!("\"{text}\""), DEPTH_LIMIT);
        let mut out = String::new();
        write_string(&text, &mut out);
        prop_assert_eq!(&serde_json::from_str::<String>(&out).unwrap(), &text);
        prop_assert_eq!(unescape(&out[1..out.len() - 1]).unwrap(), text);
        let _ = unescape(&out);
    }

    #[test]
    fn floats_read_back(value: f64) {
        prop_assume!(value.is_finite());
        let text = canonical(&format!("{value:e}")).unwrap();
        if text.contains('.') || text.contains('e') {
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        } else {
            prop_assert!(false, "{} is no float", text);
        }
    }

    #[test]
    fn duplicates_as_a_map_has_them(keys in prop::collection::vec("[a-f]{0,2}", 0..40)) {
        let text: Vec<String> = keys.iter().enumerate().map(|(at, key)| format!("\"{key}\":{at}")).collect();
        let mut expected: Vec<(&str, usize)> = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            match expected.iter_mut().find(|(known, _)| known == key) {
                Some((_, value)) => *value = at,
                None => expected.push((key, at)),
            }
        }
        let expected: Vec<String> = expected.iter().map(|(key, at)| format!("\"{key}\":{at}")).collect();
        prop_assert_eq!(canonical(&format!("{{{}}}", text.join(", "))).unwrap(), format!("{{{}}}", expected.join(",")));
    }
}
