//! YAML as Kubernetes reads it: what can be said without its reader, which `yaml_as_kubernetes.rs` compares with.
#![expect(clippy::expect_used, clippy::panic, clippy::string_slice, reason = "a test fails by panicking")]

use std::ops::Range;

use kubernetes_manifests::source::{Lines, Position};
use kubernetes_manifests::yaml::{Document, Origin, Repetition, Style, SyntaxError, documents};

fn read(text: &str) -> Vec<Result<Document, SyntaxError>> {
    documents(text, true).collect()
}

fn document(text: &str) -> Document {
    let mut documents = read(text);
    assert_eq!(documents.len(), 1, "{text:?}: {documents:?}");
    documents.pop().expect("there is one").unwrap_or_else(|error| panic!("{text:?}: {error:?}"))
}

#[test]
fn json_is_that_of_kubernetes() {
    for (yaml, json) in [
        // Members keep the order of the text.
        ("b: 1\na: [x, {d: e}]\n", r#"{"b":1,"a":["x",{"d":"e"}]}"#),
        ("- yes\n- 'yes'\n- on\n- y\n- ~\n- Null\n", r#"[true,"yes",true,true,null,null]"#),
        ("- 0755\n- 0o17\n- 08\n- 1_000\n- 0x1F\n- 0b11\n- 12:30\n", r#"[493,15,8,1000,31,3,"12:30"]"#),
        (
            "- .5\n- 1e3\n- 1.50\n- 1e21\n- 1e-7\n- 1e400\n- 2001-12-14\n",
            r#"[0.5,1000,1.5,1e+21,1e-7,"1e400","2001-12-14"]"#,
        ),
        ("- 18446744073709551615\n- 18446744073709551616\n", "[18446744073709551615,18446744073709552000]"),
        ("1: a\ntrue: b\n1.5: c\n1e6: d\n.inf: e\n", r#"{"1":"a","true":"b","1.5":"c","1e+06":"d",".inf":"e"}"#),
        ("- !!str 1\n- !!int '5'\n- !!float 5\n- !!binary aGk=\n- !own x\n- ! 1\n", r#"["1",5,5,"hi","x","1"]"#),
        (
            "a: |\n  x\n\n   y\nb: |-\n  x\nc: |+\n  x\n\nd: >\n  x\n  y\n",
            r#"{"a":"x\n\n y\n","b":"x","c":"x\n\n","d":"x y\n"}"#,
        ),
        ("a: |\n  no line feed", r#"{"a":"no line feed\n"}"#),
        ("\u{feff}a: \"\\x01\\u00e9\\n\"\r\n", "{\"a\":\"\\u0001\u{e9}\\n\"}"),
        ("a: &x {b: [1]}\nc: *x\n", r#"{"a":{"b":[1]},"c":{"b":[1]}}"#),
        ("&k key: 1\nvalue: *k\n", r#"{"key":1,"value":"key"}"#),
        // Of a merge, what the mapping has itself counts, then the first of a list.
        (
            "a: &a {x: 1, w: 2}\nb: &b {x: 3, z: 4}\nc:\n  <<: [*a, *b]\n  w: 5\n",
            r#"{"a":{"x":1,"w":2},"b":{"x":3,"z":4},"c":{"w":5,"x":1,"z":4}}"#,
        ),
        ("<<: {a: 1}\nb: 2\n", r#"{"b":2,"a":1}"#),
        ("\"<<\": 1\n", r#"{"<<":1}"#),
    ] {
        assert_eq!(document(yaml).json, json, "{yaml:?}");
    }
}

#[test]
fn an_error_says_where_and_what_to_do() {
    for (yaml, line, column, message) in [
        ("1: a\n\"1\": b\n", 2, 1, "the key 1 comes twice, of which kubectl takes any if one is in quotes; remove one"),
        ("a:\n\tb: 1\n", 2, 1, "a tab is used for indentation; use spaces"),
        ("a: 1\n\t# comment\n", 2, 1, "a tab is used for indentation; use spaces"),
        (
            "a: *b\n",
            1,
            4,
            "`*b` refers to an anchor that is not defined above it; a text that begins with `*` needs quotes",
        ),
        ("a: &a [*a]\n", 1, 8, "the alias is inside of what its anchor names"),
        ("a: \"b\nc: d\n", 1, 4, "a quoted text is not closed; add the closing quote"),
        ("a: [1, 2\n", 1, 4, "the bracket `[` is not closed; add `]`"),
        (
            "a: b: c\n",
            1,
            5,
            "a colon where there cannot be a value; a text with `: ` in it needs quotes, else check the indentation of this line",
        ),
        ("a: 1\nb\nc: 2\n", 2, 1, "expected `: ` behind the key; the colon, or the space behind it, is missing"),
        ("a: @b\n", 1, 4, "a text cannot begin with `@`; put it in quotes"),
        (
            "a: {{ .Values.b }}\n",
            1,
            5,
            "a key cannot be a list or a mapping; a text that begins with `[` or `{` needs quotes",
        ),
        ("~: a\n", 1, 1, "the key is null; put it in quotes if it is meant as text"),
        ("a: .inf\n", 1, 4, "JSON has no infinity and no `nan`; put the value in quotes if it is meant as text"),
        ("a: !!int b\n", 1, 10, "the tag says that this is a whole number, which it is not"),
        ("<<: 1\n", 1, 5, "the merge key `<<` takes an alias of a mapping, or a list of such"),
        ("--- a\n", 1, 1, "only a comment may follow `---` on its line; move the rest to the next line"),
        ("a: 1\n...\nb: 2\n", 3, 1, "kubectl ignores what follows the line `...`; begin a document with `---`"),
        (
            "%YAML 1.1\n---\na: 1\n",
            1,
            1,
            "kubectl does not read a document that begins with `%`; remove the line, or put the text in quotes",
        ),
        ("a\0:\0 \0", 1, 2, "a NUL character; a text in UTF-16 has to be saved as UTF-8"),
        (
            "a: \u{1b}\n",
            1,
            4,
            "a control character; remove it, or write it as an escape in double quotes, such as \"\\x1b\"",
        ),
        ("a: \"\\/\"\n", 1, 5, "the escape `\\/` is only for JSON; leave out the backslash"),
    ] {
        let error = read(yaml).into_iter().find_map(Result::err).unwrap_or_else(|| panic!("{yaml:?} is read"));
        let position = Lines::new(yaml).position(error.offset);
        assert_eq!((position.line, position.column, error.message.as_str()), (line, column, message), "{yaml:?}");
    }
}

#[test]
fn documents_are_read_one_after_the_other() {
    let text = "# head\n---\na: 1 # one\n# below\n---\n---\n# nothing\n---\n~\n---\nb: [\n---\nc: 3\n...\n";
    let found: Vec<_> = read(text)
        .into_iter()
        .map(|document| {
            document.map(|document| (document.json, text[document.span].to_owned())).map_err(|error| error.offset)
        })
        .collect();
    let document = |json: &str, span: &str| Ok((json.to_owned(), span.to_owned()));
    assert_eq!(
        found,
        [
            document(r#"{"a":1}"#, "a: 1 # one\n# below\n"),
            Err(text.find('[').expect("it is there")),
            document(r#"{"c":3}"#, "c: 3\n"),
        ]
    );
    assert!(read("").is_empty() && read("# only\n").is_empty() && read("---\n---\n").is_empty());
}

#[test]
fn of_a_key_that_is_set_again_the_last_value_counts() {
    use Repetition::{Key, MergeKey, Merged};
    for (yaml, json, repeated) in [
        ("a: 1\nb: 2\na: 3\n", r#"{"b":2,"a":3}"#, &[("a", 1, 3, Key)][..]),
        ("# above\n{a: [1], \"a\": {b: 1, b: 2}}\n", r#"{"a":{"b":2}}"#, &[("b", 2, 2, Key), ("a", 2, 2, Key)]),
        ("a: 1\na: 2\na: 3\n", r#"{"a":3}"#, &[("a", 1, 2, Key), ("a", 2, 3, Key)]),
        // An anchor in what does not count, or in what is moved, keeps its value.
        ("a: &x {b: 1}\na: 2\nc: *x\n", r#"{"a":2,"c":{"b":1}}"#, &[("a", 1, 2, Key)]),
        ("- a: 1\n  b: &x [1]\n  a: *x\n- *x\n", r#"[{"b":[1],"a":[1]},[1]]"#, &[("a", 1, 3, Key)]),
        (
            "- a: 1\n  b: &x {c: 1}\n  <<: *x\n  a: 2\n- *x\n",
            r#"[{"b":{"c":1},"a":2,"c":1},{"c":1}]"#,
            &[("a", 1, 4, Key)],
        ),
        // What is merged counts over what stands above it, and what stands below it counts over that.
        (
            "x: &x {a: 1, b: 2}\nz:\n  a: 2\n  c: 3\n  <<: *x\n  b: 4\n",
            r#"{"x":{"a":1,"b":2},"z":{"c":3,"b":4,"a":1}}"#,
            &[("a", 3, 5, Merged)],
        ),
        (
            "x: &x {a: 1}\nz: &z {a: 2}\nw:\n  <<: *x\n  <<: *z\n",
            r#"{"x":{"a":1},"z":{"a":2},"w":{"a":2}}"#,
            &[("<<", 4, 5, MergeKey)],
        ),
    ] {
        let document = document(yaml);
        assert_eq!(document.json, json, "{yaml:?}");
        let lines = Lines::new(yaml);
        let line = |span: &Range<usize>| lines.position(span.start).line;
        let found: Vec<_> = document
            .repeated
            .iter()
            .map(|it| (it.key.as_str(), line(&it.first), line(&it.again), it.repetition))
            .collect();
        assert_eq!(found, repeated, "{yaml:?}");
    }
    // Origins are those of what counts.
    let text = "a: &x {b: 1}\nc:\n  d: one\n  e: *x\n  d: two\n";
    let document = document(text);
    assert_eq!(origin(text, &document, &["c", "d"]).1, "two");
    assert_eq!(origin(text, &document, &["c", "e", "b"]).2, ["*x"]);
}

#[test]
fn json_objects_one_after_the_other_are_documents() {
    let text = "\n{\"a\": \"\\/}\"}{\"b\": [1.0]}\n\n {\"c\": 1}";
    let found: Vec<_> = read(text).into_iter().map(|document| document.expect("it is JSON")).collect();
    let json: Vec<_> = found.iter().map(|document| (document.is_json, document.json.as_str())).collect();
    assert_eq!(json, [(true, r#"{"a": "\/}"}"#), (true, r#"{"b": [1.0]}"#), (true, r#"{"c": 1}"#)]);
    assert_eq!(origin(text, &found[1], &["b", "0"]).1, "1.0");
    assert_eq!(&text[found[2].span.clone()], r#"{"c": 1}"#);

    // Nothing is read behind an error, and what is not JSON is YAML.
    for (text, expected) in [
        ("{\"a\": 1}\n{\"b\": 01}\n{}", &[Ok(r#"{"a": 1}"#), Err(17)][..]),
        ("{\"a\": 1}\n{}x", &[Ok(r#"{"a": 1}"#), Ok("{}"), Err(11)]),
        ("{\"a\": 1.0,}\n", &[Ok(r#"{"a":1}"#)]),
        ("{\"a\": 1}\n---\nb: 1\n", &[Ok(r#"{"a":1}"#), Ok(r#"{"b":1}"#)]),
    ] {
        let found = read(text);
        let found: Vec<_> = found
            .iter()
            .map(|document| document.as_ref().map(|it| it.json.as_str()).map_err(|error| error.offset))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

/// The origin of what a pointer leads to, the text there, and the aliases through which it came, innermost first.
fn origin<'t>(text: &'t str, document: &Document, way: &[&str]) -> (Origin, &'t str, Vec<&'t str>) {
    let json = json::Document::parse(document.json.as_bytes()).expect("it is JSON");
    let value = way.iter().fold(json.root(), |value, step| match step.parse::<usize>() {
        Ok(index) => value.elements().nth(index).expect("the element is there"),
        Err(_) => value.get(step).expect("the member is there"),
    });
    let origin = document.origins.of(value.id()).expect("each node has an origin");
    let mut aliases = Vec::new();
    let mut next = origin.alias;
    while let Some(alias) = next.and_then(|alias| document.origins.alias(alias)) {
        aliases.push(&text[alias.span.clone()]);
        next = alias.outer;
    }
    (origin.clone(), &text[origin.span], aliases)
}

#[test]
fn origins_lead_to_the_text_and_through_aliases() {
    let text = "base: &base # comment\n  one: &one [1, 'two']\n  text: |- # comment\n    a\n    b\n\n  empty:\nlist:\n# comment\n- *base\n- <<: *base\n  own: x\n-   deep:\n      - 1\n";
    let document = document(text);
    for (way, style, written, aliases) in [
        (&["base", "one"][..], Style::FlowSequence, "[1, 'two']", &[][..]),
        (&["base", "one", "1"], Style::SingleQuoted, "'two'", &[]),
        (&["base", "text"], Style::Literal, "|- # comment\n    a\n    b\n", &[]),
        (&["base", "empty"], Style::Plain, "", &[]),
        (&["list", "0", "one", "0"], Style::Plain, "1", &["*base"]),
        (&["list", "1", "own"], Style::Plain, "x", &[]),
        (&["list", "1", "one", "1"], Style::SingleQuoted, "'two'", &["*base"]),
        (&["list", "1"], Style::BlockMapping, "<<: *base\n  own: x", &[]),
        (&["list", "2"], Style::BlockMapping, "deep:\n      - 1", &[]),
        (&["list", "2", "deep"], Style::BlockSequence, "- 1", &[]),
    ] {
        let (origin, found, through) = origin(text, &document, way);
        assert_eq!((origin.style, found, &*through), (style, written, aliases), "{way:?}");
    }
    let (list, written, _) = origin(text, &document, &["list"]);
    assert!(written.starts_with("- *base\n") && list.span.end == text.len() - 1, "{written}");
    // The place of a value that is not written is behind its colon.
    assert_eq!(origin(text, &document, &["base", "empty"]).0.span.start, text.find("empty:").expect("it is there") + 6);

    let text = "a: &a x\nb: &b [*a]\nc: *b\n";
    let document = self::document(text);
    assert_eq!(origin(text, &document, &["c", "0"]).2, ["*a", "*b"]);
    assert_eq!(origin(text, &document, &["c"]).2, ["*b"]);
}

#[test]
fn columns_are_characters_also_in_long_lines() {
    let text = format!("first\n{}", "é漢".repeat(10_000));
    let lines = Lines::new(&text);
    for characters in [0, 1, 2, 4_095, 4_096, 9_999, 20_000] {
        let offset = 6 + text[6..].char_indices().nth(characters).map_or(text.len() - 6, |(at, _)| at);
        assert_eq!(lines.position(offset), Position { line: 2, column: characters + 1 });
    }
    assert_eq!(lines.position(usize::MAX), Position { line: 2, column: 20_001 });
    assert_eq!(lines.position(5), Position { line: 1, column: 6 });
}
