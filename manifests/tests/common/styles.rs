//! JSON as YAML in the styles in which people write it: the same value, seen from a seed.

#![allow(dead_code, reason = "no test needs all of it")]

use std::collections::{HashMap, HashSet};

use json::{Kind, Value};

/// How a text is written. Where a style is mixed, each place follows the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// The number that decides what is left open.
    pub(crate) seed: u64,
    /// By how much members are indented.
    pub(crate) step: usize,
    /// By how much lists are indented more than their key.
    pub(crate) list_step: usize,
    /// How far the content of an element is from its dash.
    pub(crate) gap: usize,
    /// In how many of 100 places a collection is written with brackets.
    pub(crate) flow: u64,
    /// In how many of 100 places there is a comment.
    pub(crate) comments: u64,
    /// In how many of 100 places a string has quotes that it could do without.
    pub(crate) quotes: u64,
    /// In how many of 100 places a longer string is folded, or written as a literal.
    pub(crate) blocks: u64,
    /// Whether what comes again is written as an alias.
    pub(crate) aliases: bool,
    /// What ends a line.
    pub(crate) newline: &'static str,
    /// Whether the last line has no end.
    pub(crate) is_cut: bool,
    /// What is before the document.
    pub(crate) before: &'static str,
    /// What is behind it.
    pub(crate) behind: &'static str,
}

impl Style {
    /// As most people write: blocks, two spaces, no comments.
    pub(crate) const PLAIN: Self = Self {
        seed: 0,
        step: 2,
        list_step: 0,
        gap: 2,
        flow: 0,
        comments: 0,
        quotes: 0,
        blocks: 0,
        aliases: false,
        newline: "\n",
        is_cut: false,
        before: "",
        behind: "",
    };

    /// A style for each seed.
    pub(crate) fn of_seed(seed: u64) -> Self {
        let mut random = Random(seed);
        let mut one_of = |choices: &[u64]| choices.get(random.below(choices.len())).copied().unwrap_or_default();
        let step = usize::try_from(one_of(&[2, 2, 2, 4, 3])).unwrap_or(2);
        let befores =
            ["", "", "---\n", "# The first line.\n---\n", "a: b\n---\n", "\u{feff}", "---\nx: [y]\n...\n---\n"];
        let behinds = ["", "", "---\nc: d\n", "...\n", "# The last line.\n", "\n\n---\n- e\n"];
        Self {
            seed,
            step,
            list_step: if one_of(&[0, 1]) == 0 { 0 } else { step },
            gap: usize::try_from(one_of(&[2, 2, 2, 2, 4])).unwrap_or(2),
            flow: one_of(&[0, 0, 20, 100]),
            comments: one_of(&[0, 20, 50]),
            quotes: one_of(&[0, 30, 100]),
            blocks: one_of(&[0, 50]),
            aliases: one_of(&[0, 0, 0, 1]) == 1,
            newline: if one_of(&[0, 0, 0, 1]) == 0 { "\n" } else { "\r\n" },
            is_cut: one_of(&[0, 0, 0, 1]) == 1,
            before: befores.get(usize::try_from(one_of(&[0, 1, 2, 3, 4, 5, 6])).unwrap_or(0)).unwrap_or(&""),
            behind: behinds.get(usize::try_from(one_of(&[0, 1, 2, 3, 4, 5])).unwrap_or(0)).unwrap_or(&""),
        }
    }
}

/// A value as YAML.
pub(crate) fn render(value: Value<'_>, style: Style) -> String {
    let mut repeated = HashMap::new();
    if style.aliases {
        count(value, &mut repeated);
    }
    let repeated = repeated.into_iter().filter(|(_, count)| *count > 1).map(|(text, _)| text).collect();
    let mut writer = Writer {
        style,
        random: Random(style.seed),
        out: String::new(),
        comments: 0,
        repeated,
        anchors: HashMap::new(),
    };
    if is_collection(value) && !writer.is_in(style.flow) {
        writer.children(value, 0, false);
    } else {
        writer.flow(value, 0);
        writer.out.push('\n');
    }
    let text = [style.before, &writer.out, style.behind].concat();
    let text = if style.is_cut { text.trim_end_matches('\n').to_owned() } else { text };
    text.replace('\n', style.newline)
}

/// The comments in a text that [`render`] made, each once. No string that it writes holds their mark.
pub(crate) fn comments(text: &str) -> Vec<String> {
    let mut comments: Vec<_> = text.split("#~").skip(1).map(|comment| comment.chars().take(4).collect()).collect();
    comments.sort();
    comments
}

fn count<'a>(value: Value<'a>, counts: &mut HashMap<&'a str, usize>) {
    if is_collection(value) || value.as_str().is_some_and(|text| text.len() > 12) {
        *counts.entry(value.raw()).or_default() += 1;
    }
    value.elements().chain(value.members().map(|(_, value)| value)).for_each(|child| count(child, counts));
}

struct Writer<'a> {
    style: Style,
    random: Random,
    out: String,
    comments: usize,
    repeated: HashSet<&'a str>,
    anchors: HashMap<&'a str, String>,
}

impl<'a> Writer<'a> {
    fn is_in(&mut self, percent: u64) -> bool {
        self.random.below(100) < usize::try_from(percent).unwrap_or(0)
    }

    fn new_line(&mut self, column: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    fn comment(&mut self) -> String {
        self.comments += 1;
        let more = ["", " it's", " \"", ": {x}, - y", " # z"];
        let more = more.get(self.random.below(more.len())).unwrap_or(&"");
        // Four digits: they come back in `comments`.
        format!("#~{:04}{more}", self.comments)
    }

    fn trailing_comment(&mut self) {
        if self.is_in(self.style.comments / 2) {
            let comment = self.comment();
            self.out.push(' ');
            self.out.push_str(&comment);
        }
    }

    fn line_comments(&mut self, column: usize) {
        while self.is_in(self.style.comments / 2) {
            let comment = self.comment();
            self.out.extend(std::iter::repeat_n(' ', column));
            self.out.push_str(&comment);
            self.out.push('\n');
        }
    }

    /// The children of a collection, each with its lines; the first one goes on with the line that has begun if `is_inline`.
    fn children(&mut self, value: Value<'a>, column: usize, mut is_inline: bool) {
        let elements = value.elements().map(|element| (None, element));
        for (key, child) in elements.chain(value.members().map(|(key, value)| (Some(key), value))).collect::<Vec<_>>() {
            if !std::mem::take(&mut is_inline) {
                self.line_comments(column);
                self.out.extend(std::iter::repeat_n(' ', column));
            }
            match key {
                Some(key) => {
                    let key = self.string(&key, true, false);
                    self.out.push_str(&key);
                    self.out.push(':');
                    let below = if child.kind() == Kind::Array { self.style.list_step } else { self.style.step };
                    self.value(child, column, column + below, false);
                }
                None => {
                    self.out.push('-');
                    self.value(child, column, column + self.style.gap, true);
                }
            }
        }
    }

    /// What follows a colon or dash whose line begins in `column`, up to the end of the line.
    fn value(&mut self, value: Value<'a>, column: usize, below: usize, is_element: bool) {
        let has_anchor = match self.properties(value) {
            Some(true) => {
                self.trailing_comment();
                self.out.push('\n');
                return;
            }
            properties => properties.is_some(),
        };
        if !is_collection(value) {
            if value.is_null() && self.is_in(50) {
                self.trailing_comment();
                self.out.push('\n');
                return;
            }
            self.out.push(' ');
            self.scalar(value, column);
            return;
        }
        if self.is_in(self.style.flow) {
            self.out.push(' ');
            self.flow(value, column);
        } else if is_element && !has_anchor && !self.is_in(self.style.comments / 4) {
            self.out.extend(std::iter::repeat_n(' ', self.style.gap - 1));
            return self.children(value, below, true);
        } else {
            self.trailing_comment();
            self.out.push('\n');
            return self.children(value, below, false);
        }
        self.trailing_comment();
        self.out.push('\n');
    }

    /// Writes an alias (`true`) or an anchor (`false`) for what comes again.
    fn properties(&mut self, value: Value<'a>) -> Option<bool> {
        if !self.repeated.contains(value.raw()) {
            return None;
        }
        if let Some(anchor) = self.anchors.get(value.raw()) {
            self.out.push_str(" *");
            self.out.push_str(anchor);
            return Some(true);
        }
        let anchor = format!("x{}", self.anchors.len());
        self.out.push_str(" &");
        self.out.push_str(&anchor);
        self.anchors.insert(value.raw(), anchor);
        Some(false)
    }

    /// A scalar in a block collection, and the end of its line.
    fn scalar(&mut self, value: Value<'a>, column: usize) {
        let text = value.as_str().unwrap_or_default();
        let is_block = self.is_in(self.style.blocks) && is_printable(&text) && !text.contains("  ");
        let starts_well = !text.starts_with([' ', '\n']) && !text.ends_with(' ') && !text.contains(" \n");
        if is_block && starts_well && !text.contains('\n') && text.contains(' ') {
            self.out.push_str(">-");
            self.trailing_comment();
            let lines = text.split(' ').collect::<Vec<_>>();
            for line in lines {
                self.new_line(column + self.style.step);
                self.out.push_str(line);
            }
        } else if is_block && starts_well && text.trim_end_matches('\n').contains('\n') && !text.contains("\n\n") {
            self.out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
            self.trailing_comment();
            for line in text.trim_end_matches('\n').split('\n') {
                self.new_line(column + self.style.step);
                self.out.push_str(line);
            }
        } else {
            match value.kind() {
                Kind::String => {
                    let text = self.string(&text, false, false);
                    self.out.push_str(&text);
                }
                _ => self.out.push_str(value.raw()),
            }
            self.trailing_comment();
        }
        self.out.push('\n');
    }

    /// A value on one line, or with brackets around lines.
    fn flow(&mut self, value: Value<'a>, column: usize) {
        if !is_collection(value) {
            match value.as_str() {
                Some(text) => {
                    let text = self.string(&text, false, true);
                    self.out.push_str(&text);
                }
                None => self.out.push_str(value.raw()),
            }
            return;
        }
        let has_lines = self.is_in(30);
        let inside = column + self.style.step;
        let (open, close) = if value.kind() == Kind::Object { ('{', '}') } else { ('[', ']') };
        self.out.push(open);
        let elements = value.elements().map(|element| (None, element));
        let children: Vec<_> = elements.chain(value.members().map(|(key, value)| (Some(key), value))).collect();
        let count = children.len();
        for (position, (key, child)) in children.into_iter().enumerate() {
            if has_lines {
                self.trailing_comment();
                self.new_line(inside);
            } else if position > 0 {
                self.out.push(' ');
            }
            if let Some(key) = key {
                let key = self.string(&key, true, true);
                self.out.push_str(&key);
                self.out.push(':');
            }
            match self.properties(child) {
                Some(true) => {}
                properties => {
                    if self.out.ends_with(':') || properties.is_some() {
                        self.out.push(' ');
                    }
                    self.flow(child, if has_lines { inside } else { column });
                }
            }
            if position + 1 < count || (has_lines && self.is_in(20)) {
                self.out.push(',');
            }
        }
        if has_lines {
            self.trailing_comment();
            self.new_line(column);
            // The end of a flow collection is indented more than the key that it belongs to, or YAML 1.2 does not take it.
            self.out.push(' ');
        }
        self.out.push(close);
    }

    fn string(&mut self, text: &str, is_key: bool, is_flow: bool) -> String {
        let wants_quotes = self.is_in(self.style.quotes);
        let is_plain = text.starts_with(|it: char| it.is_ascii_alphabetic() || it == '/')
            && text.chars().all(|it| it.is_ascii_alphanumeric() || "_./-".contains(it) || (it == ' ' && !is_key))
            && !text.ends_with(' ')
            && !["true", "false", "yes", "no", "on", "off", "y", "n", "null"].contains(&text.to_lowercase().as_str());
        let has_single = is_printable(text) && !text.contains('\n');
        if is_plain && !wants_quotes {
            text.to_owned()
        } else if has_single && self.is_in(50) && !is_flow {
            format!("'{}'", text.replace('\'', "''"))
        } else {
            let quoted = serde_json::to_string(text).unwrap_or_default();
            let is_special = |it: char| matches!(it, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
            let escaped = |it: char| if is_special(it) { format!("\\u{:04x}", u32::from(it)) } else { it.to_string() };
            quoted.chars().map(escaped).collect()
        }
    }
}

fn is_printable(text: &str) -> bool {
    text.chars().all(|it| matches!(it, ' '..='~' | '\n'))
}

fn is_collection(value: Value<'_>) -> bool {
    matches!(value.kind(), Kind::Object | Kind::Array) && !value.is_empty()
}

/// Numbers that depend on nothing but the seed (`SplitMix64`).
#[derive(Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }
}
