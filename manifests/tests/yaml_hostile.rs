//! Texts that nobody meant to be read, or somebody meant to be hard to read.
#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod mutants;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use kubernetes_manifests::source::Lines;
use kubernetes_manifests::yaml::{Document, SyntaxError, documents};

/// Reads a text with origins and checks what is true of every result.
fn read(text: &str) -> Vec<Result<Document, SyntaxError>> {
    let read: Vec<_> = documents(text, true).collect();
    let lines = Lines::new(text);
    for document in &read {
        match document {
            Ok(document) => {
                let json = json::Document::parse(document.json.as_bytes())
                    .unwrap_or_else(|error| panic!("{text:?}: {error}: {}", document.json));
                let span = document.span.clone();
                assert!(text.get(span.clone()).is_some(), "{text:?}: {span:?}");
                let mut count = 0;
                check_origins(json.root(), document, text, &mut count);
            }
            Err(error) => {
                assert!(text.is_char_boundary(error.offset), "{text:?}: {error:?}");
                assert!(lines.position(error.offset).line > 0);
                assert!(
                    error
                        .message
                        .chars()
                        .next()
                        .is_some_and(|first| !first.is_uppercase() || error.message.starts_with("JSON")),
                    "{error:?}"
                );
            }
        }
    }
    let without: Vec<_> = documents(text, false).map(|document| document.map(|document| document.json)).collect();
    let with: Vec<_> = read
        .iter()
        .map(|document| document.as_ref().map(|document| document.json.clone()).map_err(Clone::clone))
        .collect();
    assert_eq!(without, with, "{text:?}: origins change the result");
    read
}

fn check_origins(value: json::Value<'_>, document: &Document, text: &str, count: &mut usize) {
    let origin = document.origins.of(value.id()).unwrap_or_else(|| panic!("{text:?}: {value:?} has no origin"));
    assert!(text.get(origin.span.clone()).is_some(), "{text:?}: {value:?} is at {:?}", origin.span);
    let mut alias = origin.alias;
    while let Some(index) = alias {
        let used = document.origins.alias(index).expect("it is there");
        assert!(text[used.span.clone()].starts_with('*'), "{text:?}: {used:?}");
        assert!(used.outer.is_none_or(|outer| outer < index), "{used:?}");
        alias = used.outer;
    }
    *count += 1;
    for (key, member) in value.members() {
        let key = value.key_of(&key).expect("it is there");
        assert!(document.origins.of(key.id()).is_some(), "{text:?}: {key:?} has no origin");
        check_origins(member, document, text, count);
    }
    for element in value.elements() {
        check_origins(element, document, text, count);
    }
}

#[test]
fn broken_texts_end_in_a_result_or_an_error_with_a_line() {
    let mut slowest = Duration::ZERO;
    let (mut errors, mut results) = (0, 0);
    for text in mutants::mutants(7).take(2_000) {
        let start = Instant::now();
        for document in read(&text) {
            if document.is_ok() { results += 1 } else { errors += 1 }
        }
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert!(errors > 500 && results > 500, "{errors} errors, {results} results: they show little");
}

/// Makes a text of a size.
type Shape = fn(usize) -> String;

/// Texts that are hard to read, by what they have much of, in a size of about so many bytes.
const SHAPES: [(&str, Shape); 19] = [
    ("documents", |size| "a: 1\n---\n".repeat(size / 9)),
    ("broken documents", |size| "a: [\n---\n".repeat(size / 9)),
    ("repeated keys", |size| "a: 1\na: 1\n---\n".repeat(size / 14)),
    ("keys", |size| numbered(size / 12, |number| format!("k{number}: 1\n"))),
    ("keys on one line", |size| format!("{{{}}}\n", numbered(size / 12, |number| format!("k{number}: 1, ")))),
    ("flow elements on one line", |size| format!("[{}]\n", "a, ".repeat(size / 3))),
    ("anchors", |size| numbered(size / 16, |number| format!("- &a{number} x\n"))),
    ("aliases", |size| format!("- &a x\n{}", "- *a\n".repeat(size / 5))),
    ("merge keys", |size| format!("- &a {{x: 1}}\n{}", "- {<<: *a}\n".repeat(size / 11))),
    ("merged lists", |size| format!("- &a {{x: 1}}\n- <<: [{}]\n", "*a, ".repeat(size / 4))),
    ("plain text on many lines", |size| format!("a:\n{}", "  word\n".repeat(size / 7))),
    ("quoted text on many lines", |size| format!("a: \"{}\"\n", "  word\n".repeat(size / 7))),
    ("literal text", |size| format!("a: |\n{}", "  word\n".repeat(size / 7))),
    ("one long line", |size| format!("a: {}\n", "word ".repeat(size / 5))),
    ("escapes", |size| format!("a: \"{}\"\n", "\\x01".repeat(size / 4))),
    ("comments", |size| format!("{}a: 1\n", "# comment\n".repeat(size / 10))),
    ("empty lines", |size| format!("a:\n{} b: 1\n", "\n".repeat(size))),
    ("brackets", |size| "[".repeat(size)),
    ("dashes", |size| "- ".repeat(size / 2)),
];

fn numbered(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect()
}

#[test]
fn time_is_linear_in_the_text() {
    for (name, shape) in SHAPES {
        let time = |text: &str| {
            let start = Instant::now();
            let lines = Lines::new(text);
            for document in documents(text, true) {
                let offset = document.map_or_else(|error| error.offset, |document| document.span.end);
                lines.position(offset);
            }
            start.elapsed()
        };
        let (small, large) = (shape(5_000), shape(80_000));
        // Sixteen times as long; with squares it would be 256 times. Again where something else took the time.
        let is_linear = || {
            let small = time(&small).min(time(&small));
            let large = time(&large);
            (large < small * 60 + Duration::from_millis(5)).then_some(()).ok_or((small, large))
        };
        let mut found = is_linear();
        for _ in 0..20 {
            found = found.or_else(|_| is_linear());
        }
        assert_eq!(found, Ok(()), "{name}: times for 5 KB and 80 KB");
    }
}

#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let uses = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(text, "a{level}: &a{level} [{uses}]").expect("a string takes all");
    }
    let error = read(&text).pop().expect("it is one document").expect_err("it is a bomb");
    assert_eq!(error.message, "aliases make the document far larger than it is written");
    // Few nodes, but long ones; and many small documents that all use their own.
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(1_000));
    assert!(read(&long).iter().all(Result::is_err));
    let many = format!("a: &a {}\nb: [{}]\n---\n", "x".repeat(1_000), "*a, ".repeat(200)).repeat(100);
    assert!(read(&many).iter().any(Result::is_err));
}

#[test]
fn nesting_is_bounded_where_json_is() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(json::DEPTH_LIMIT))[0].is_ok());
    let error = read(&nested(json::DEPTH_LIMIT + 1)).swap_remove(0).expect_err("it is too deep");
    assert_eq!((error.offset, error.message.as_str()), (127, "lists and mappings are nested more than 127 deep"));
    let by_alias = format!("- &a {}\n- {}*a{}\n", nested(70), "[".repeat(70), "]".repeat(70));
    assert!(read(&by_alias)[0].is_err());
}
