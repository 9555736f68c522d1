//! Changes of files as a unified diff, which `patch -p1` and `git apply` take.
//!
//! For a person the diff is prose. For a program it holds the text of the files as it is, so a runner of CI could find commands in it:
//! a diff with such a line is not written.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::display::Display;
use crate::printable::{brackets, is_command, is_obeyed, printable};

/// Writes how a file changes; nothing if it does not. False if the diff would do something else where it is read; the user is told.
pub(crate) fn write(name: &str, old: &str, new: &str, display: &mut Display<'_>) -> io::Result<bool> {
    if old == new {
        return Ok(true);
    }
    if display.is_read_by_person() {
        display.out.write_all(for_person(name, old, new, display.is_coloured).as_bytes())?;
        return Ok(true);
    }
    match for_program(name, old, new) {
        Ok(diff) => display.out.unfiltered()?.write_all(diff.as_bytes())?,
        Err(why) => {
            let hint = "`--color always` shows the diff to a person";
            display.error(&format!("{}: no diff is written: {why}; {hint}", printable(name)))?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// The diff as `patch` and git read it, or why it would do something else.
fn for_program(name: &str, old: &str, new: &str) -> Result<String, String> {
    // GNU patch writes there; git itself does not.
    if name.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
        return Err("it would change the repository itself".to_owned());
    }
    for hunk in diff(old, new).unified_diff().iter_hunks() {
        for change in hunk.iter_changes() {
            // A runner reads a carriage return as the end of a line.
            let line = format!("{}{}", change.tag(), change.value());
            if line.split('\r').any(is_command) {
                let number = change.old_index().or(change.new_index()).unwrap_or_default() + 1;
                return Err(format!("a runner of CI would obey a command in line {number}"));
            }
        }
    }
    Ok(unified(&|folder| header_name(folder, name), old, new, false, &|line| line.to_owned()))
}

/// The diff as an excerpt of the file is shown.
fn for_person(name: &str, old: &str, new: &str, is_coloured: bool) -> String {
    let name = |folder: &str| header_name(folder, name).trim_end().to_owned();
    let shown = |line: &str| printable(&line.strip_suffix('\r').unwrap_or(line).replace('\t', "    ")).into_owned();
    unified(&name, old, new, is_coloured, &shown)
}

/// A unified diff, whose names and lines are shown in some way.
fn unified(
    name: &dyn Fn(&str) -> String,
    old: &str,
    new: &str,
    is_coloured: bool,
    shown: &dyn Fn(&str) -> String,
) -> String {
    let paint = |style: Style| if is_coloured { style } else { Style::new() };
    let bold = paint(Style::new().bold());
    let mut text = format!("{bold}--- {}{bold:#}\n{bold}+++ {}{bold:#}\n", name("a"), name("b"));
    for hunk in diff(old, new).unified_diff().iter_hunks() {
        let style = paint(AnsiColor::Cyan.on_default());
        let _ = writeln!(text, "{style}{}{style:#}", hunk.header());
        for change in hunk.iter_changes() {
            let style = paint(match change.tag() {
                ChangeTag::Delete => AnsiColor::Red.on_default(),
                ChangeTag::Insert => AnsiColor::Green.on_default(),
                ChangeTag::Equal => Style::new(),
            });
            let line = change.value().strip_suffix('\n');
            let _ = writeln!(text, "{style}{}{}{style:#}", change.tag(), shown(line.unwrap_or(change.value())));
            if line.is_none() {
                text.push_str("\\ No newline at end of file\n");
            }
        }
    }
    text
}

/// What changes, in lines as `patch` counts them: a carriage return alone ends none.
fn diff<'t>(old: &'t str, new: &'t str) -> TextDiff<'t, 't, str> {
    let lines = |text: &'t str| text.split_inclusive('\n').collect::<Vec<_>>();
    TextDiff::from_slices(&lines(old), &lines(new))
}

/// The name of a file behind `---` or `+++`, quoted as git does (`quote.c`) where a character would end it or be obeyed.
fn header_name(folder: &str, name: &str) -> String {
    let name = name.trim_start_matches('/');
    let commands = brackets(name);
    if commands.is_empty() && !name.contains(|it| is_obeyed(it) || matches!(it, '"' | '\\')) {
        // `patch` and git take a name up to the tab, and without one up to the first space.
        let end = if name.contains(' ') { "\t" } else { "" };
        return format!("{folder}/{name}{end}");
    }
    let mut quoted = format!("\"{folder}/");
    for (at, character) in name.char_indices() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            it if is_obeyed(it) || commands.contains(&at) => {
                for byte in it.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            it => quoted.push(it),
        }
    }
    quoted + "\""
}

/// Writes how a text changes as comments: `patch` passes over them.
pub(crate) fn write_as_comment(old: &str, new: &str, out: &mut dyn Write) -> io::Result<()> {
    for hunk in diff(old, new).unified_diff().iter_hunks() {
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches(['\r', '\n']);
            writeln!(out, "#   {} {}", change.tag(), printable(line))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_unified_diff() {
        let diff =
            "--- a/d/a.yaml\n+++ b/d/a.yaml\n@@ -1,2 +1,2 @@\n a: 1\r\n-b: 2\n+b: 3\n\\ No newline at end of file\n";
        assert_eq!(for_program("d/a.yaml", "a: 1\r\nb: 2\n", "a: 1\r\nb: 3").unwrap(), diff);
    }

    #[test]
    fn a_carriage_return_alone_ends_no_line() {
        let diff =
            "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n a: 1\rb: 2\n-c: 3\r\n\\ No newline at end of file\n+c: 4\n";
        assert_eq!(for_program("a.yaml", "a: 1\rb: 2\nc: 3\r", "a: 1\rb: 2\nc: 4\n").unwrap(), diff);
    }

    #[test]
    fn a_name_is_quoted_as_git_does() {
        for (name, expected) in [
            ("/d/grün.yaml", "a/d/grün.yaml"),
            ("d/a b.yaml", "a/d/a b.yaml\t"),
            ("a\tb\n.yaml", r#""a/a\tb\n.yaml""#),
            ("a\"\\ b.yaml", r#""a/a\"\\ b.yaml""#),
            ("a\u{1b}\u{202e}.yaml", r#""a/a\033\342\200\256.yaml""#),
            ("##[error]x.yaml", r#""a/##\133error]x.yaml""#),
        ] {
            assert_eq!(header_name("a", name), expected);
        }
    }

    #[test]
    fn a_diff_with_a_command_of_a_runner_is_not_written_for_programs() {
        for (name, text) in [
            ("a.yaml", "a: |\n  ::error::x\n"),
            ("a.yaml", "# ##[error]x\n"),
            ("a.yaml", "b: ##vso[task.complete]\n"),
            ("a.yaml", "a: |\r::add-mask::x\n"),
            ("a/.Git/hooks/b.yaml", "a: 1\n"),
        ] {
            let (old, new) = (format!("x: 1\n{text}"), format!("x: 2\n{text}"));
            for_program(name, &old, &new).unwrap_err();

            let diff = for_person(name, &old, &new, false);
            assert!(diff.contains("+x: 2\n") && !diff.contains('\r'), "{diff}");
        }
        // A sign is before it.
        assert!(for_program("a.yaml", "::error::x\n", "::error::y\n").unwrap().contains("\n-::error::x\n+::error::y"));
    }
}
