//! Changes of files as a unified diff, which `patch -p1` takes.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// Writes how a file changes; nothing if it does not.
pub(crate) fn write(name: &str, old: &str, new: &str, is_coloured: bool, out: &mut dyn Write) -> io::Result<()> {
    if old == new {
        return Ok(());
    }
    let paint = |style: Style| if is_coloured { style } else { Style::new() };
    let header = paint(Style::new().bold());
    // `patch` and git take a name up to the tab, and without one up to the first space.
    let end = if name.contains(' ') { "\t" } else { "" };
    let name = name.trim_start_matches('/');
    writeln!(out, "{header}--- a/{name}{end}{header:#}")?;
    writeln!(out, "{header}+++ b/{name}{end}{header:#}")?;
    let diff = TextDiff::from_lines(old, new);
    for hunk in diff.unified_diff().iter_hunks() {
        let style = paint(AnsiColor::Cyan.on_default());
        writeln!(out, "{style}{}{style:#}", hunk.header())?;
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', AnsiColor::Red.on_default()),
                ChangeTag::Insert => ('+', AnsiColor::Green.on_default()),
                ChangeTag::Equal => (' ', Style::new()),
            };
            let style = paint(style);
            let line = change.value().strip_suffix('\n').unwrap_or(change.value());
            writeln!(out, "{style}{sign}{line}{style:#}")?;
            if change.missing_newline() {
                writeln!(out, "\\ No newline at end of file")?;
            }
        }
    }
    Ok(())
}

/// Writes how a text changes as comments: `patch` passes over them.
pub(crate) fn write_as_comment(old: &str, new: &str, out: &mut dyn Write) -> io::Result<()> {
    let diff = TextDiff::from_lines(old, new);
    for hunk in diff.unified_diff().iter_hunks() {
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches(['\r', '\n']);
            writeln!(out, "#   {} {line}", change.tag())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(name: &str, old: &str, new: &str) -> String {
        let mut out = Vec::new();
        write(name, old, new, false, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_change_is_a_unified_diff() {
        let diff =
            "--- a/d/a.yaml\n+++ b/d/a.yaml\n@@ -1,2 +1,2 @@\n a: 1\r\n-b: 2\n+b: 3\n\\ No newline at end of file\n";
        assert_eq!(patch("d/a.yaml", "a: 1\r\nb: 2\n", "a: 1\r\nb: 3"), diff);
        assert_eq!(patch("a.yaml", "a: 1\n", "a: 1\n"), "");
    }

    #[test]
    fn a_name_may_have_spaces() {
        assert!(patch("/d/a b.yaml", "1\n", "2\n").starts_with("--- a/d/a b.yaml\t\n+++ b/d/a b.yaml\t\n@@"));
    }
}
