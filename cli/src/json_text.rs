//! JSON that can be printed anywhere: what a terminal or a runner of CI would obey in a text is escaped, so every value is kept.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

use crate::printable::{brackets, is_obeyed};

/// Writes a value over several lines, and ends the last one.
pub(crate) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = out;
    value.serialize(&mut Serializer::with_formatter(&mut out, Escaping(PrettyFormatter::new())))?;
    writeln!(out)
}

/// Pretty JSON with more escapes than JSON requires.
struct Escaping(PrettyFormatter<'static>);

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut commands = brackets(fragment).into_iter().peekable();
        let mut written = 0;
        for (at, character) in fragment.char_indices() {
            let is_command = commands.next_if_eq(&at).is_some();
            if is_command || is_obeyed(character) {
                out.write_all(fragment.get(written..at).unwrap_or_default().as_bytes())?;
                // All of them are in the first plane.
                write!(out, "\\u{:04x}", u32::from(character))?;
                written = at + character.len_utf8();
            }
        }
        out.write_all(fragment.get(written..).unwrap_or_default().as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, is_first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, is_first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, is_first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, is_first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_value_is_kept_and_nothing_in_it_is_obeyed() {
        let text =
            "::error::x\n::error::y ##[error] ##vso[a] \u{1b}[1m \u{7f}\u{9b}\u{85}\u{202e}\u{2028} \"é日\u{1f600}\"";
        let value = json!({text: [text, 1, {}, []]});
        let mut out = Vec::new();
        write(&value, &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();

        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        assert!(!written.lines().any(crate::printable::is_command), "{written}");
        assert!(!written.contains(|it| is_obeyed(it) && it != '\n'), "{written}");
        assert!(written.contains("é日\u{1f600}"), "{written}");
    }

    #[test]
    fn an_ordinary_value_is_written_as_ever() {
        let value = json!({"a": ["b\n\"c\"", null, 1.5], "d": {}, "e": {"f": []}});
        let mut out = Vec::new();
        write(&value, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string_pretty(&value).unwrap() + "\n");
    }
}
