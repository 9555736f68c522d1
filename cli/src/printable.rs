//! Texts of files, made safe for a terminal.

use std::borrow::Cow;

/// A text for a terminal: control characters are shown, not obeyed.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(|c: char| c.is_control()) {
        return Cow::Borrowed(text);
    }
    let visible = text.chars().map(|c| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c });
    Cow::Owned(visible.collect())
}

/// A text in one line of a terminal.
pub(crate) fn in_one_line(text: &str) -> String {
    printable(text).replace('\n', " ")
}
