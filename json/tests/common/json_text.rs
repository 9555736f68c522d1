//! JSON texts as only machines write them: any white space, any order of keys, escapes where none are needed.

#![allow(dead_code, reason = "no test needs all of it")]
#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

/// How one string, key or value is written. The simplest is: as plainly as possible.
#[derive(Clone, Debug)]
pub(crate) struct Spelling {
    /// The white space before and after.
    space: (&'static str, &'static str),
    /// Bit by bit, whether a character is escaped without need.
    escapes: u64,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    let space = || select(vec!["", "", "", " ", "\n  ", "\t", "\r\n"]);
    let escapes = prop_oneof![3 => Just(0), 1 => any::<u64>()];
    ((space(), space()), escapes).prop_map(|(space, escapes)| Spelling { space, escapes })
}

impl Spelling {
    fn around(&self, text: &str) -> String {
        let (before, after) = self.space;
        format!("{before}{text}{after}")
    }

    fn string(&self, text: &str) -> String {
        let mut written = String::new();
        for (i, character) in text.chars().enumerate() {
            let is_escaped = self.escapes >> (i % 64) & 1 == 1;
            match character {
                '"' | '\\' => written.extend(['\\', character]),
                '/' if is_escaped => written.push_str("\\/"),
                '\n' if !is_escaped => written.push_str("\\n"),
                _ if is_escaped || character < ' ' => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        write!(written, "\\u{unit:04x}").expect("a string takes all");
                    }
                }
                _ => written.push(character),
            }
        }
        self.around(&format!("\"{written}\""))
    }
}

/// Any text: control characters, quotes, whatever Unicode has.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter)
}

/// A string.
pub(crate) fn string(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (text, spelling()).prop_map(|(text, spelling)| spelling.string(&text))
}

/// A member of an object.
pub(crate) fn member(
    key: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    (string(key), value, spelling()).prop_map(|(key, value, spelling)| format!("{key}:{}", spelling.around(&value)))
}

/// An object of these members in any order.
pub(crate) fn object(members: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = String> {
    (members.prop_shuffle(), spelling())
        .prop_map(|(members, spelling)| spelled_container('{', &members, '}', &spelling))
}

/// An array of these elements.
pub(crate) fn array(elements: impl Strategy<Value = Vec<String>>) -> impl Strategy<Value = String> {
    (elements, spelling()).prop_map(|(elements, spelling)| spelled_container('[', &elements, ']', &spelling))
}

fn spelled_container(open: char, content: &[String], close: char, spelling: &Spelling) -> String {
    if content.is_empty() {
        return format!("{open}{}{close}", spelling.space.0);
    }
    spelling.around(&format!("{open}{}{close}", content.join(&spelling.around(","))))
}

/// A value that is known, written in any way.
pub(crate) fn spelled(value: &Value) -> BoxedStrategy<String> {
    match value {
        Value::String(text) => string(Just(text.clone())).boxed(),
        Value::Array(elements) => array(elements.iter().map(spelled).collect::<Vec<_>>()).boxed(),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| member(Just(key.clone()), spelled(value)).boxed());
            object(members.collect::<Vec<_>>()).boxed()
        }
        _ => Just(value.to_string()).boxed(),
    }
}

/// A number, in spellings that a detour through a float would not survive among others.
fn number() -> impl Strategy<Value = String> {
    let odd =
        ["-0", "-0.0", "1.0", "1e3", "1E+2", "0.5e-3", "1e-400", "12345678901234567890", "1234567890123456789012"];
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("JSON has no other", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        select(odd.map(str::to_owned).to_vec()),
    ]
}

/// Any value at all, up to this many levels deep.
pub(crate) fn value(depth: u32) -> BoxedStrategy<String> {
    let word = select(["null", "true", "false"].map(str::to_owned).to_vec());
    prop_oneof![word, number(), string(text()), string("[a-z]{0,9}")]
        .prop_recursive(depth, 32, 4, |inner| {
            let elements = prop::collection::vec(inner.clone(), 0..4);
            let few = members_of(0..4, inner.clone());
            let many = members_of(12..16, inner);
            prop_oneof![4 => array(elements), 4 => object(few), 1 => object(many)]
        })
        .boxed()
}

/// Members with keys that differ.
pub(crate) fn members_of(
    count: std::ops::Range<usize>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = Vec<String>> {
    let key = prop_oneof!["[a-c~/.]{0,3}", text()];
    prop::collection::btree_map(key, (spelling(), spelling(), value), count).prop_map(|members| {
        let written = |(key, (of_key, of_value, value)): (String, (Spelling, Spelling, String))| {
            format!("{}:{}", of_key.string(&key), of_value.around(&value))
        };
        members.into_iter().map(written).collect()
    })
}
