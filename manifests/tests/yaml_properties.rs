//! Values written as YAML in many styles are read back as they were, and each origin leads to what was written.
#![expect(clippy::expect_used, clippy::panic, clippy::string_slice, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;

use json::Kind;
use kubernetes_manifests::yaml::{Document, Style, documents};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::LazyJust;
use serde_json::Value;

/// How the parts of a value are written, in turn.
type Choices = Vec<u8>;

struct Writer<'c> {
    text: String,
    choices: &'c [u8],
    next: usize,
    line_end: &'static str,
}

impl Writer<'_> {
    fn choice(&mut self, bound: u8) -> u8 {
        self.next += 1;
        self.choices.get(self.next % self.choices.len().max(1)).map_or(0, |choice| choice % bound)
    }

    fn push_one_of(&mut self, texts: &[&str]) {
        let choice = self.choice(u8::try_from(texts.len()).expect("they are few"));
        self.text.push_str(texts[usize::from(choice)]);
    }

    /// A value at the beginning of the document, behind a key (`key:`) or behind a dash; what is in it is indented by `indent`.
    fn value(&mut self, value: &Value, indent: usize) {
        let is_below_key = self.text.ends_with(':');
        let is_block = self.choice(4) > 0;
        match value {
            Value::Array(elements) if is_block && !elements.is_empty() => {
                // The dashes may stand below the key.
                let indent = if is_below_key && self.choice(2) == 0 { indent.saturating_sub(2) } else { indent };
                for (index, element) in elements.iter().enumerate() {
                    self.begin_item(index, is_below_key, indent);
                    self.text.push('-');
                    self.value(element, indent + 2);
                }
            }
            Value::Object(members) if is_block && !members.is_empty() => {
                for (index, (key, member)) in members.iter().enumerate() {
                    self.begin_item(index, is_below_key, indent);
                    self.string(key, indent, true, false);
                    self.text.push(':');
                    self.value(member, indent + 2);
                }
            }
            _ => {
                if self.text.ends_with(':') {
                    self.push_one_of(&[" ", "  ", " \t"]);
                } else if self.text.ends_with('-') {
                    self.push_one_of(&[" ", "  "]);
                }
                self.inline(value, indent, false);
                if self.choice(6) == 0 && !self.ends_in_block() {
                    self.text.push_str(" # comment: [");
                }
            }
        }
    }

    /// The first item of a collection below a key begins a line, as all others do; behind a dash it does not.
    fn begin_item(&mut self, index: usize, is_below_key: bool, indent: usize) {
        if index == 0 && !is_below_key {
            if self.text.ends_with('-') {
                self.text.push(' ');
            }
            return;
        }
        if !self.text.ends_with('\n') {
            self.text.push_str(self.line_end);
        }
        if self.choice(8) == 0 && !self.ends_in_block() {
            self.text.push_str("# a line");
            self.text.push_str(self.line_end);
        }
        self.text.push_str(&" ".repeat(indent));
    }

    /// A scalar, or a collection in brackets.
    fn inline(&mut self, value: &Value, indent: usize, in_flow: bool) {
        match value {
            Value::Array(elements) => {
                self.text.push('[');
                for element in elements {
                    self.inline(element, indent, true);
                    self.text.push_str(", ");
                }
                self.text.push(']');
            }
            Value::Object(members) => {
                self.text.push('{');
                for (key, member) in members {
                    self.string(key, indent, true, true);
                    self.text.push_str(": ");
                    self.inline(member, indent, true);
                    if self.choice(2) == 0 {
                        self.text.push_str(self.line_end);
                        self.text.push_str(&" ".repeat(indent + 1));
                    }
                    self.text.push(',');
                }
                self.text.push('}');
            }
            Value::String(text) => self.string(text, indent, false, in_flow),
            Value::Null => self.push_one_of(&["null", "~", "Null"]),
            Value::Bool(true) => self.push_one_of(&["true", "yes", "On", "y"]),
            Value::Bool(false) => self.push_one_of(&["false", "NO", "off", "n"]),
            Value::Number(number) => self.text.push_str(&number.to_string()),
        }
    }

    /// Whether the last line belongs to a block scalar, where there are no comments.
    fn ends_in_block(&self) -> bool {
        self.text.rfind(['|', '>']).is_some_and(|at| self.text[at..].contains('\n'))
    }

    fn string(&mut self, text: &str, indent: usize, is_key: bool, in_flow: bool) {
        let is_word = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_lowercase())
            && !matches!(text, "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null");
        let is_printable = !text.contains(|character: char| {
            character.is_control()
                || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        });
        let is_lines = !text.is_empty()
            && text.lines().all(|line| {
                !line.is_empty()
                    && !line.starts_with([' ', '\t'])
                    && !line.contains(|character: char| {
                        character.is_control()
                            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
                    })
            })
            && !text.contains('\r');
        match self.choice(5) {
            0 | 1 if is_word => self.text.push_str(text),
            2 if is_lines && !is_key && !in_flow => {
                let ends = text.len() - text.trim_end_matches('\n').len();
                self.text.push_str(["|-", "|", "|+"][ends.min(2)]);
                for line in text.trim_end_matches('\n').split('\n') {
                    self.text.push_str(self.line_end);
                    self.text.push_str(&" ".repeat(indent.max(1)));
                    self.text.push_str(line);
                }
                self.text.push_str(&self.line_end.repeat(ends.max(1)));
            }
            3 if is_printable => {
                self.text.push('\'');
                self.text.push_str(&text.replace('\'', "''"));
                self.text.push('\'');
            }
            _ => {
                self.text.push('"');
                for character in text.chars() {
                    match character {
                        '"' | '\\' => self.text.extend(['\\', character]),
                        ' '..='~' => self.text.push(character),
                        _ => write!(self.text, "\\U{:08x}", u32::from(character)).expect("a string takes all"),
                    }
                }
                self.text.push('"');
            }
        }
    }
}

fn values() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z]{1,8}",
        "[ -~]{0,12}",
        "[a-z]{1,5}\n[a-z #:-]{1,5}\n{0,3}",
        any::<String>(),
        prop_oneof![
            Just("yes"),
            Just("0755"),
            Just("1e3"),
            Just("~"),
            Just("<<"),
            Just("2001-12-14"),
            Just("- a"),
            Just("#")
        ]
        .prop_map(str::to_owned),
    ];
    let number =
        prop_oneof![any::<i64>().prop_map(Value::from), any::<u64>().prop_map(Value::from), Just(Value::from(0.25))];
    let leaf = prop_oneof![
        LazyJust::new(|| Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        text.clone().prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(text.clone(), inner, 0..6).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn read(text: &str) -> Option<Document> {
    let mut read: Vec<_> =
        documents(text, true).map(|document| document.unwrap_or_else(|error| panic!("{error:?} in\n{text}"))).collect();
    assert!(read.len() <= 1, "{text}");
    read.pop()
}

/// Each scalar that is written, read alone, is what it is in the document.
fn check_scalars(value: json::Value<'_>, document: &Document, text: &str) {
    let origin = document.origins.of(value.id()).expect("each node has an origin");
    let written = &text[origin.span.clone()];
    match value.kind() {
        Kind::Object => {
            assert_eq!(
                origin.style == Style::FlowMapping,
                written.starts_with('{') && written.ends_with('}'),
                "{written}"
            );
            for (key, member) in value.members() {
                check_scalars(value.key_of(&key).expect("it is there"), document, text);
                check_scalars(member, document, text);
            }
        }
        Kind::Array => {
            assert_eq!(
                origin.style == Style::FlowSequence,
                written.starts_with('[') && written.ends_with(']'),
                "{written}"
            );
            assert_eq!(origin.style == Style::BlockSequence, written.starts_with('-'), "{written}");
            value.elements().for_each(|element| check_scalars(element, document, text));
        }
        Kind::Null => assert!(read(written).is_none(), "{written:?}"),
        _ => assert_eq!(
            read(written).map(|document| document.json).as_deref(),
            Some(value.raw()),
            "{written:?} in\n{text}"
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_in_any_style_is_read_back(value in values(), choices in vec(any::<u8>(), 1..40), windows: bool) {
        let choices: Choices = choices;
        let line_end = if windows { "\r\n" } else { "\n" };
        let mut writer = Writer { text: String::new(), choices: &choices, next: 0, line_end };
        writer.value(&value, 0);
        let text = writer.text;
        let document = read(&text);
        let json: Value = document.as_ref().map_or(Value::Null, |document| serde_json::from_str(&document.json).expect("it is JSON"));
        prop_assert_eq!(&json, &value, "{}", text);
        if let Some(document) = document {
            let parsed = json::Document::parse(document.json.as_bytes()).expect("it is JSON");
            check_scalars(parsed.root(), &document, &text);
        }
    }
}
