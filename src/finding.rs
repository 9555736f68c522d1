//! What a rule has to say.

use std::borrow::Cow;
use std::fmt;

use crate::formats::is_guid;
use crate::json::Path;

/// How much weight a rule has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The rule is not applied.
    Off,
    /// Shown by the tools that people run over files, silent at admission.
    Note,
    /// Shown to whoever applies the object; it is let in.
    Warn,
    /// The object is refused.
    Deny,
}

impl Severity {
    /// As settings name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }

    /// All, lightest first.
    pub const ALL: [Self; 4] = [Self::Off, Self::Note, Self::Warn, Self::Deny];
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule.
    pub rule: &'static str,
    /// The place in the object that was applied.
    pub path: Path,
    /// What is there, as the end of a sentence that begins with the path.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
    /// The most that this finding can be, whatever severity its rule has.
    pub at_most: Severity,
    /// Set where injection cannot do without the repair: then it denies whatever severity the rule has.
    pub blocks_injection: bool,
}

impl Finding {
    /// A finding with the severity of its rule.
    pub fn new<'t>(
        rule: &'static str,
        path: Path,
        problem: impl Into<Cow<'t, str>>,
        fix: impl Into<Cow<'t, str>>,
    ) -> Self {
        Self::from_texts(rule, path, problem.into(), fix.into())
    }

    // Not inlined, like all that only runs when something is wrong: there the module's size counts, not time.
    #[inline(never)]
    fn from_texts(rule: &'static str, path: Path, problem: Cow<'_, str>, fix: Cow<'_, str>) -> Self {
        let (problem, fix) = (problem.into_owned(), fix.into_owned());
        Self { rule, path, problem, fix, at_most: Severity::Deny, blocks_injection: false }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}; {}", self.rule, self.path, self.problem, self.fix)
    }
}

/// A name as messages show it: as it is, unless it is none that Kubernetes takes.
pub fn name(name: &str) -> Cow<'_, str> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if (1..=NAME_LENGTH).contains(&name.len()) && name.bytes().all(is_name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(quote(name))
    }
}

/// How long the name of an object may be.
const NAME_LENGTH: usize = 253;

/// How much of a value a message quotes, in characters.
const QUOTE_LENGTH: usize = 64;

/// A value as messages show it: quoted, escaped, and cut if it is long.
#[inline(never)]
pub fn quote(value: &str) -> String {
    match value.char_indices().nth(QUOTE_LENGTH) {
        Some((end, _)) => format!("{:?}…", value.get(..end).unwrap_or_default()),
        None => format!("{value:?}"),
    }
}

/// An id from an environment variable as messages show it: what is no id may be a secret that went astray.
#[inline(never)]
pub fn quote_id(value: &str) -> String {
    if is_guid(value) { quote(value) } else { "another value".to_owned() }
}
