//! The JSON module: what it reads and refuses, and how it looks at values.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod json_text;
    pub(crate) mod model;
}

use common::json_text;
use common::model::{all_values, model};
use json::{DEPTH_LIMIT, Document, Kind, Path, Reading, Segment, Value};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Model;

fn refusal(text: &[u8]) -> String {
    Document::parse(text).expect_err("accepted").to_string()
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

const SAMPLE: &str =
    r#"{"a": [1, -0.5e+7, true, null, {}], "b\u00e9\ud83d\ude00\n": {"ä€😀": "\"x\" \\ \/"}, "c": false}"#;

#[test]
fn well_formed_texts_are_read() {
    let texts = [
        "null",
        " \r\n\ttrue\n ",
        "0",
        "-0",
        "-0.0",
        "1E+2",
        "1e-9",
        "12345678901234567890123",
        r#""""#,
        r#""\"\\\/\b\f\n\r\t\u00E9\uD83D\uDE00""#,
        "\"\u{7f}\u{2028}é€😀\"",
        "[]",
        "[ ]",
        "{ }",
        "[[],{},\"\"]",
        r#"{"":{"":0}}"#,
        r#"{"a":1,"A":2}"#,
        r#"[{"a":1},{"a":1},{"b":{"a":1},"a":2}]"#,
        SAMPLE,
    ];
    for text in texts {
        let document = Document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(model(document.root()), serde_json::from_str::<Model>(text).unwrap(), "{text}");
    }
}

#[test]
fn malformed_texts_are_refused_with_reason_and_position() {
    const CUT_OFF: &str = "the text ends in the middle of a JSON value";
    const NO_VALUE: &str = "expected a JSON value";
    const NO_ESCAPE: &str = "an escape in a string that JSON does not know";
    const TRAILING: &str = "something follows the end of the JSON value";
    const NO_KEY: &str = "expected a key in double quotes";
    const TWICE: &str = "an object has the same key twice";
    let cases: &[(&[u8], &str, &str)] = &[
        (b"", CUT_OFF, "line 1 column 1"),
        (b" \n ", CUT_OFF, "line 2 column 2"),
        (b"\xef\xbb\xbf{}", NO_VALUE, "line 1 column 1"),
        (b"\x00", NO_VALUE, "line 1 column 1"),
        (b"\x0b1", NO_VALUE, "line 1 column 1"),
        (b"nul", NO_VALUE, "line 1 column 1"),
        (b"True", NO_VALUE, "line 1 column 1"),
        (b"nullx", TRAILING, "line 1 column 5"),
        (b"{} {}", TRAILING, "line 1 column 4"),
        (b"1\x00", TRAILING, "line 1 column 2"),
        (b"// no\n1", NO_VALUE, "line 1 column 1"),
        (b"NaN", NO_VALUE, "line 1 column 1"),
        (b"-Infinity", "expected a digit", "line 1 column 2"),
        (b"+1", NO_VALUE, "line 1 column 1"),
        (b".5", NO_VALUE, "line 1 column 1"),
        (b"01", "a number with a leading zero", "line 1 column 3"),
        (b"-00.5", "a number with a leading zero", "line 1 column 4"),
        (b"0x10", TRAILING, "line 1 column 2"),
        (b"1_000", TRAILING, "line 1 column 2"),
        (b"[1.]", "expected a digit", "line 1 column 4"),
        (b"[1.e5]", "expected a digit", "line 1 column 4"),
        (b"[1e]", "expected a digit", "line 1 column 4"),
        (b"[1e+]", "expected a digit", "line 1 column 5"),
        (b"-", CUT_OFF, "line 1 column 2"),
        (b"1.", CUT_OFF, "line 1 column 3"),
        (b"1e-", CUT_OFF, "line 1 column 4"),
        (b"[1,]", NO_VALUE, "line 1 column 4"),
        (b"[,1]", NO_VALUE, "line 1 column 2"),
        (b"[1 2]", "expected `,` or `]`", "line 1 column 4"),
        (b"[1}", "expected `,` or `]`", "line 1 column 3"),
        (b"]", NO_VALUE, "line 1 column 1"),
        (b"{a:1}", NO_KEY, "line 1 column 2"),
        (b"{'a':1}", NO_KEY, "line 1 column 2"),
        (b"{1:1}", NO_KEY, "line 1 column 2"),
        (b"{,}", NO_KEY, "line 1 column 2"),
        (br#"{"a":1,}"#, NO_KEY, "line 1 column 8"),
        (br#"{"a" 1}"#, "expected `:`", "line 1 column 6"),
        (br#"{"a"}"#, "expected `:`", "line 1 column 5"),
        (br#"{"a":}"#, NO_VALUE, "line 1 column 6"),
        (br#"{"a":1 "b":2}"#, "expected `,` or `}`", "line 1 column 8"),
        (br#"{"a":1]"#, "expected `,` or `}`", "line 1 column 7"),
        (b"{\n  \"a\": 1,\n  \"b\": }", NO_VALUE, "line 3 column 8"),
        ("{\"ä\": x}".as_bytes(), NO_VALUE, "line 1 column 8"),
        (b"'a'", NO_VALUE, "line 1 column 1"),
        (b"\"a\tb\"", "a control character in a string", "line 1 column 3"),
        (b"\"12345678\n\"", "a control character in a string", "line 1 column 10"),
        (b"\"a\\", CUT_OFF, "line 1 column 4"),
        (b"\"a\\\"", CUT_OFF, "line 1 column 5"),
        (br#""ab\x""#, NO_ESCAPE, "line 1 column 4"),
        (br#""\U0041""#, NO_ESCAPE, "line 1 column 2"),
        (br#""\u00""#, NO_ESCAPE, "line 1 column 2"),
        (br#""\u+0ab""#, NO_ESCAPE, "line 1 column 2"),
        (br#""\ud800""#, NO_ESCAPE, "line 1 column 2"),
        (br#""\udc00\ud800""#, NO_ESCAPE, "line 1 column 2"),
        (br#""\ud83dx\ude00""#, NO_ESCAPE, "line 1 column 2"),
        (br#""\ud83d\ud83d\ude00""#, NO_ESCAPE, "line 1 column 2"),
        (br#"{"\n\q":1}"#, NO_ESCAPE, "line 1 column 5"),
        (b"\"\xff\"", "the text is not UTF-8", "line 1 column 2"),
        (b"\"\xc0\x80\"", "the text is not UTF-8", "line 1 column 2"),
        (b"\"\xed\xa0\x80\"", "the text is not UTF-8", "line 1 column 2"),
        (b"[\n\"\xc3", "the text is not UTF-8", "line 2 column 2"),
        (br#"{"a":1,"a":1}"#, TWICE, "line 1 column 8"),
        (br#"{"a":1,"b":{"c":1,"\u0063":2}}"#, TWICE, "line 1 column 19"),
        (br#"{"\ud83d\ude00":1,"\uD83D\uDE00":2}"#, TWICE, "line 1 column 19"),
        (br#"{"":1,"a":2,"":3}"#, TWICE, "line 1 column 13"),
    ];
    for (text, reason, position) in cases {
        assert_eq!(refusal(text), format!("{reason} at {position}"), "{}", text.escape_ascii());
        assert!(serde_json::from_slice::<Model>(text).is_err() || *reason == TWICE, "{}", text.escape_ascii());
    }
}

#[test]
fn a_text_that_is_cut_off_anywhere_is_refused() {
    for end in 0..SAMPLE.len() {
        assert!(Document::parse(&SAMPLE.as_bytes()[..end]).is_err(), "the first {end} bytes are accepted");
    }
}

#[test]
fn a_key_that_comes_twice_is_found_among_any_number_of_keys() {
    for count in 2..40 {
        let keys: Vec<String> = (0..count).map(|i| format!("\"key {i:02}\"")).collect();
        let text = |keys: &[String]| format!("{{{}:0}}", keys.join(":0,"));
        assert!(Document::parse(text(&keys).as_bytes()).is_ok(), "{count} different keys");

        for (first, second) in [(0, 1), (0, count - 1), (count / 2, count - 1), (count - 2, count - 1)] {
            if first == second {
                continue;
            }
            for spelling in [format!("\"key {first:02}\""), format!("\"\\u006bey {first:02}\"")] {
                let mut keys = keys.clone();
                keys[second] = spelling;
                let text = text(&keys);
                let column = 1 + text.rfind(&keys[second]).unwrap();
                let expected = format!("an object has the same key twice at line 1 column {column}");
                assert_eq!(refusal(text.as_bytes()), expected, "{text}");
            }
        }
    }
}

#[test]
fn nesting_is_read_as_deep_as_serde_json_reads_it() {
    let deepest = nested(DEPTH_LIMIT);
    assert!(Document::parse(deepest.as_bytes()).is_ok());
    assert!(serde_json::from_str::<Model>(&deepest).is_ok());

    let too_deep = nested(DEPTH_LIMIT + 1);
    let expected = format!("arrays and objects are nested too deeply at line 1 column {}", DEPTH_LIMIT + 1);
    assert_eq!(refusal(too_deep.as_bytes()), expected);
    assert!(serde_json::from_str::<Model>(&too_deep).is_err());

    let bottomless = "[{\"a\":".repeat(1 << 20);
    assert_eq!(refusal(bottomless.as_bytes()), "arrays and objects are nested too deeply at line 1 column 380");
}

#[test]
fn only_numbers_that_fit_a_float_are_read() {
    let integer_with_309_digits = format!("17976931348623{}", "0".repeat(295));
    let fitting = [
        "1.7976931348623157e308",
        "-1.7976931348623157e+308",
        "17976931348623157E292",
        "0.17976931348623157e309",
        &integer_with_309_digits,
        "0e999999999999999999999",
        "-0.000e400",
        "1e-999999999999999999999",
        "0.00000000001e310",
    ];
    for text in fitting {
        assert!(Document::parse(text.as_bytes()).is_ok(), "{text} is refused");
        assert!(serde_json::from_str::<Model>(text).is_ok(), "serde_json refuses {text}");
    }

    // The API server rounds these before it asks; serde_json, which reads what it asks, would refuse them.
    for text in ["1.7976931348623158e308", "-17976931348623158E292", "1.79769313486231580789e308"] {
        assert!(Document::parse(text.as_bytes()).is_ok(), "{text} is refused");
        assert!(text.parse().is_ok_and(f64::is_finite));
    }

    let integer_with_310_digits = format!("1{}", "0".repeat(309));
    let too_large = [
        "1e309",
        "-1e309",
        "1.7976931348623158079372898e308",
        "1.7976931348623159e308",
        "1.8e308",
        "9e308",
        "0.1e400",
        "0.9e309",
        "123e307",
        "1e999999999999999999999",
        &integer_with_310_digits,
        &format!("2{}", "0".repeat(308)),
    ];
    for text in too_large {
        let expected = format!("a number that is too large at line 1 column {}", text.len() + 1);
        assert_eq!(refusal(text.as_bytes()), expected, "{text}");
        assert!(serde_json::from_str::<Model>(text).is_err(), "serde_json accepts {text}");
    }
}

#[test]
fn values_are_only_what_they_are_written_as() {
    let text = br#"{"null":null,"bool":true,"int":-7,"long":9223372036854775808,"float":1.0,"string":"1","empty":{},"list":[1]}"#;
    let document = Document::parse(text).unwrap();
    let root = document.root();
    let get = |key| root.get(key).unwrap();

    assert!(root.get("absent").is_none());
    assert!(get("null").is_null());
    assert!(root.field("null").is_none());
    assert_eq!(get("bool").as_bool(), Some(true));
    assert_eq!(get("int").as_i64(), Some(-7));
    for key in ["long", "float", "string", "bool"] {
        assert_eq!(get(key).as_i64(), None, "{key}");
    }
    for key in ["null", "int", "list", "empty"] {
        assert_eq!(get(key).as_bool(), None, "{key}");
        assert_eq!(get(key).as_str(), None, "{key}");
        assert!(get(key).get("string").is_none(), "{key}");
    }
    assert_eq!(get("empty").elements().count() + get("list").members().count(), 0);
    assert!(get("empty").is_empty() && !get("list").is_empty());
    assert_eq!(&text[get("list").span()], b"[1]");
    assert_eq!(get("list").elements().next().unwrap().raw(), "1");
}

#[test]
fn values_of_the_wrong_type_are_collected_while_members_are_read() {
    let text = br#"{"null":null,"string":"1","int":7,"bool":true,"list":[{}, 1, {"x":[]}]}"#;
    let document = Document::parse(text).unwrap();
    let root = Some(document.root());
    let mut reading = Reading::default();

    assert_eq!(reading.string(root, "string"), "1");
    assert_eq!(reading.string(root, "null"), "");
    assert_eq!(reading.string(root, "absent"), "");
    assert_eq!(reading.string(None, "string"), "");
    assert!(reading.member(root, "null", Kind::Array).is_none());
    assert_eq!(reading.mismatches(), []);

    // A scalar in the place of a string is most likely one that lacks its quotes.
    assert_eq!(reading.string(root, "int"), "7");
    assert_eq!(reading.string(root, "bool"), "true");
    assert_eq!(reading.string(root, "list"), "");
    assert!(reading.member(root, "string", Kind::Number).is_none());
    let objects = reading.objects(root, "list", |reading, object| reading.string(Some(object), "x"));
    assert_eq!(objects, ["", ""]);

    let found: Vec<_> = reading.mismatches().iter().map(|mismatch| mismatch.describe(document.root())).collect();
    let expected = [
        "int is a number; expected a string",
        "bool is a boolean; expected a string",
        "list is an array; expected a string",
        "string is a string; expected a number",
        "list[1] is a number; expected an object",
        "list[2].x is an array; expected a string",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_type_mismatch_names_the_place_and_not_the_value() {
    let document = Document::parse(br#"{"spec":{"a/b":["secret"]}}"#).unwrap();
    let root = document.root();
    let list = root.get("spec").unwrap().get("a/b").unwrap();
    let cases = [
        (root, Kind::Array, "it is an object; expected an array"),
        (list, Kind::Object, r#"spec["a/b"] is an array; expected an object"#),
        (list.elements().next().unwrap(), Kind::Bool, r#"spec["a/b"][0] is a string; expected a boolean"#),
    ];
    for (value, kind, expected) in cases {
        let mut reading = Reading::default();
        assert!(reading.expect(value, kind).is_none());
        assert_eq!(reading.into_mismatches()[0].describe(root), expected);
    }
}

#[test]
fn paths_are_written_as_kubernetes_writes_them() {
    let path = Path::default;
    let cases = [
        (path(), "", ""),
        (
            path().key("spec").key("containers").index(1).key("env").index(3),
            "spec.containers[1].env[3]",
            "/spec/containers/1/env/3",
        ),
        (
            path().key("metadata").key("labels").key("app.kubernetes.io/name"),
            r#"metadata.labels["app.kubernetes.io/name"]"#,
            "/metadata/labels/app.kubernetes.io~1name",
        ),
        (path().index(0).index(1), "[0][1]", "/0/1"),
        (path().key("").key("a_b-C9"), r#"[""].a_b-C9"#, "//a_b-C9"),
        (path().key("a\"b\n").key("~/"), r#"["a\"b\n"]["~/"]"#, "/a\"b\n/~0~1"),
        (path().key("ä"), r#"["ä"]"#, "/ä"),
    ];
    for (path, shown, pointer) in cases {
        assert_eq!((path.to_string().as_str(), path.to_pointer().as_str()), (shown, pointer));
    }
    assert_eq!(path().key("a").index(2).segments(), [Segment::Key("a".to_owned()), Segment::Index(2)]);
}

#[test]
fn values_are_the_same_if_they_say_the_same_to_kubernetes() {
    let cases = [
        (r#"{"a":1,"b":[true,"x"]}"#, r#"{ "b" : [ true , "\u0078" ] , "a" : 1 }"#, true),
        (r#"{"a":1,"b":null}"#, r#"{"a":1}"#, true),
        (r#"{"a":null}"#, r#"{"b":null}"#, true),
        (r#"{"a":{"b":null}}"#, r#"{"a":{}}"#, true),
        (r#"{"a":{}}"#, "{}", false),
        (r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false),
        (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, false),
        (r#"{"a":1}"#, r#"{"b":1}"#, false),
        (r#"{"a":1}"#, r#"{"a":2}"#, false),
        ("[1,2]", "[2,1]", false),
        ("[1]", "[1,1]", false),
        ("[1,1]", "[1]", false),
        ("[null]", "[]", false),
        ("[]", "{}", false),
        ("1", "1.0", false),
        ("1", r#""1""#, false),
        ("true", "false", false),
        ("null", "null", true),
    ];
    for (a, b, expected) in cases {
        let (document, other) = (Document::parse(a.as_bytes()).unwrap(), Document::parse(b.as_bytes()).unwrap());
        assert_eq!(document.root().same_as(other.root()), expected, "{a} and {b}");
        assert_eq!(other.root().same_as(document.root()), expected, "{b} and {a}");
    }
}

/// The same without white space and needless escapes, with all members in reverse, and with one more that is null.
fn rewritten(value: Value<'_>) -> String {
    match value.kind() {
        Kind::String => json::text(&value.as_str()),
        Kind::Array => format!("[{}]", value.elements().map(rewritten).collect::<Vec<_>>().join(",")),
        Kind::Object => {
            let members = value.members().map(|(key, member)| format!("{}:{},", json::text(&key), rewritten(member)));
            let mut members: Vec<_> = members.collect();
            members.reverse();
            format!("{{{}\"one more\":null}}", members.concat())
        }
        _ => value.raw().to_owned(),
    }
}

/// Changes to the bytes of a text: remove so many at a place, insert these.
fn damage() -> impl Strategy<Value = (Index, usize, Vec<u8>)> {
    let tokens: Vec<&[u8]> = vec![
        b"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b"\\u",
        b"\\ud83d",
        b"0",
        b"-",
        b".",
        b"e",
        b"1e99",
        b"null",
        b" ",
        b"\n",
        b"\x00",
        b"\x1f",
        b"\x7f",
        b"\xff",
        b"\xe2\x82",
        b"\"a\":1,",
        b"{\"a\":",
        b"\xef\xbb\xbf",
    ];
    (any::<Index>(), 0..3usize, prop::sample::select(tokens).prop_map(<[u8]>::to_vec))
}

fn damaged(text: String, damages: Vec<(Index, usize, Vec<u8>)>) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    for (at, removed, inserted) in damages {
        let start = at.index(bytes.len() + 1);
        let end = bytes.len().min(start + removed);
        bytes.splice(start..end, inserted);
    }
    bytes
}

/// What we accept is what `serde_json` accepts, keys that come twice apart, and means the same to both.
fn agrees_with_serde_json(text: &[u8]) -> Result<(), TestCaseError> {
    match (Document::parse(text), serde_json::from_slice::<Model>(text)) {
        (Ok(document), Ok(expected)) => prop_assert_eq!(model(document.root()), expected),
        (Ok(_), Err(error)) => prop_assert!(false, "accepted, but serde_json says {}", error),
        (Err(error), Ok(_)) => {
            prop_assert!(error.to_string().starts_with("an object has the same key twice"), "refused: {}", error);
        }
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

#[test]
fn any_byte_alone_in_a_string_or_behind_a_backslash_is_read_as_serde_json_reads_it() {
    for byte in 0..=u8::MAX {
        for text in
            [&[byte][..], &[b'"', byte, b'"'], &[b'"', b'\\', byte, b'"'], &[b'[', byte, b']'], &[b'1', byte, b'1']]
        {
            agrees_with_serde_json(text).unwrap_or_else(|error| panic!("{}: {error}", text.escape_ascii()));
        }
    }
}

proptest! {
    #[test]
    fn every_value_is_what_serde_json_reads(text in json_text::value(4)) {
        let document = Document::parse(text.as_bytes());
        prop_assert!(document.is_ok(), "{:?}", document);
        prop_assert_eq!(model(document.unwrap().root()), serde_json::from_str::<Model>(&text).unwrap());
    }

    #[test]
    fn every_value_has_its_path(text in json_text::value(4)) {
        let document = Document::parse(text.as_bytes()).unwrap();
        let root = model(document.root());
        for value in all_values(document.root()) {
            let pointer = value.path_from(document.root()).to_pointer();
            prop_assert_eq!(root.pointer(&pointer), Some(&model(value)), "{}", pointer);
            prop_assert_eq!(text.get(value.span()), Some(value.raw()));
        }
    }

    #[test]
    fn every_value_is_the_same_as_itself_written_otherwise(text in json_text::value(4)) {
        let document = Document::parse(text.as_bytes()).unwrap();
        let otherwise = rewritten(document.root());
        let other = Document::parse(otherwise.as_bytes()).unwrap();
        prop_assert!(document.root().same_as(other.root()), "{}", otherwise);
        prop_assert!(other.root().same_as(document.root()), "{}", otherwise);
    }

    #[test]
    fn any_bytes_are_read_as_serde_json_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        agrees_with_serde_json(&bytes)?;
    }

    #[test]
    fn damaged_texts_are_read_as_serde_json_reads_them(
        text in json_text::value(3),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        agrees_with_serde_json(&damaged(text, damages))?;
    }
}
