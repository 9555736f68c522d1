//! Changed YAML texts, the same in each run.

use std::ops::Range;
use std::{fs, iter};

/// Scalars that readers of YAML differ on.
const SCALARS: [&str; 72] = [
    "",
    "~",
    "null",
    "Null",
    "NULL",
    "nil",
    "y",
    "n",
    "Yes",
    "no",
    "on",
    "OFF",
    "true",
    "False",
    "tRue",
    "0",
    "-0",
    "+0",
    "0755",
    "08",
    "0o17",
    "0x1F",
    "0X1f",
    "-0x10",
    "0b101",
    "0b-101",
    "-0b11",
    "1_000",
    "_1",
    "1__0_",
    "+5",
    "--5",
    "1e3",
    "1E+3",
    "1e400",
    "-1e-400",
    "1.",
    ".5",
    "._5",
    ".1_0",
    ".e5",
    "+.5",
    "1e21",
    "1e-7",
    "123456789012345678901234567890",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "1:30",
    "12:30:45",
    "2001-12-14",
    "2001-12-14t21:59:43.1-05:00",
    ".inf",
    "-.INF",
    ".nan",
    "+.inf",
    "<<",
    "=",
    "'it''s'",
    "\"\\u00e9\\n\\x07\"",
    "\"\\ud83d\\ude00\"",
    "\"\\/\"",
    "'~'",
    "\"12\"",
    "a b",
    "a:b",
    "a #b",
    "é",
    "\u{a0}",
    "\u{1f600}",
    "{{ .Values.x }}",
    "${VAR}",
];

/// What mutation puts anywhere.
const PIECES: [&str; 66] = [
    ":",
    ": ",
    " :",
    "-",
    "- ",
    "? ",
    "?",
    "[",
    "]",
    "{",
    "}",
    ",",
    "#",
    " #",
    "&a ",
    "*a",
    "*a ",
    "&defaults ",
    "*defaults",
    "!",
    "!!str ",
    "!!int ",
    "!!float ",
    "!!bool ",
    "!!null ",
    "!!binary ",
    "!local ",
    "! ",
    "!<tag:yaml.org,2002:str> ",
    "|",
    "|-",
    "|+",
    "|2",
    ">",
    ">-",
    "'",
    "\"",
    "%",
    "@",
    "`",
    " ",
    "  ",
    "\t",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "---\n",
    "\n---\n",
    "...\n",
    "\n...\n",
    "--- ",
    "---",
    "<<: *defaults\n",
    "<<",
    "\\",
    "\\\n",
    "~",
    "0",
    "=",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\0",
    "\u{7f}",
    "é",
];

/// Numbers that look random and are the same in each run (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = usize::try_from(self.0 >> 16).expect("48 bits fit");
        if bound == 0 { 0 } else { number % bound }
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }
}

/// The texts that are changed: name and content.
pub(crate) fn corpus() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/yaml");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").path()).collect();
    files.sort();
    let name = |path: &std::path::Path| path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).expect("the corpus is UTF-8"))).collect()
}

/// Changed texts without end. Small texts come more often, since a change is a larger part of them.
pub(crate) fn mutants(seed: u64) -> impl Iterator<Item = String> {
    let corpus: Vec<String> = corpus().into_iter().map(|(_, text)| text).collect();
    let mut random = Random::new(seed);
    iter::from_fn(move || {
        let text = &corpus[random.below(corpus.len())];
        let mut text = if random.below(3) == 0 { text.clone() } else { excerpt(text, &mut random) };
        for _ in 0..=random.below(3) {
            text = changed(&text, &mut random);
        }
        Some(text)
    })
}

/// Some lines of a text, with the indentation of the first taken from all.
fn excerpt(text: &str, random: &mut Random) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = random.below(lines.len());
    let count = 1 + random.below(10);
    let indentation = indentation(lines[first]).len();
    lines[first..]
        .iter()
        .take(count)
        .map(|line| line.get(indentation.min(self::indentation(line).len())..).unwrap_or(""))
        .collect()
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches(' ').len()]
}

fn changed(text: &str, random: &mut Random) -> String {
    let lines: Vec<Range<usize>> = lines(text);
    if lines.is_empty() {
        return random.pick(&PIECES).to_string();
    }
    let line = lines[random.below(lines.len())].clone();
    let content = &text[line.clone()];
    let replaced = |range: Range<usize>, with: &str| format!("{}{with}{}", &text[..range.start], &text[range.end..]);
    match random.below(16) {
        // A character goes, comes or changes.
        0 => {
            let at = boundary(text, random.below(text.len() + 1));
            let end = text[at..].chars().next().map_or(at, |character| at + character.len_utf8());
            replaced(at..end, "")
        }
        1 => {
            let at = boundary(text, random.below(text.len() + 1));
            replaced(at..at, random.pick(&PIECES))
        }
        2 => {
            let at = boundary(text, random.below(text.len() + 1));
            let end = text[at..].chars().next().map_or(at, |character| at + character.len_utf8());
            replaced(at..end, random.pick(&PIECES))
        }
        // A line goes, comes twice, changes places, is cut, or joins the next.
        3 => replaced(line, ""),
        4 => replaced(line.start..line.start, content),
        5 => {
            let other = lines[random.below(lines.len())].clone();
            let (first, second) = if other.start < line.start { (other, line) } else { (line, other) };
            if first == second {
                return text.to_owned();
            }
            let swapped = replaced(second.clone(), &text[first.clone()]);
            format!("{}{}{}", &swapped[..first.start], &text[second], &swapped[first.end..])
        }
        6 => {
            let at = boundary(text, line.start + random.below(content.len()));
            replaced(at..line.end, "")
        }
        7 => {
            let trimmed = content.trim_end_matches(['\r', '\n']).len();
            replaced(line.start + trimmed..line.end, random.pick(&["", " ", ", "]))
        }
        // The indentation of some lines.
        8 | 9 => {
            let from = random.below(lines.len());
            let count = 1 + random.below(4);
            let shift = random.below(8);
            let moved = lines.iter().enumerate().map(|(index, range)| {
                let line = &text[range.clone()];
                if !(from..from + count).contains(&index) {
                    return line.to_owned();
                }
                match shift {
                    0 | 1 => line.strip_prefix(' ').unwrap_or(line).to_owned(),
                    2 | 3 => line.strip_prefix("  ").unwrap_or(line).to_owned(),
                    4 => format!("\t{}", line.trim_start_matches(' ')),
                    5 => format!(" {line}"),
                    _ => format!("  {line}"),
                }
            });
            moved.collect()
        }
        // A scalar becomes another, or is written in another way.
        10..=12 => {
            let Some(scalar) = scalar(text, random) else { return text.to_owned() };
            replaced(scalar, random.pick(&SCALARS))
        }
        13 | 14 => {
            let Some(range) = scalar(text, random) else { return text.to_owned() };
            let scalar = &text[range.clone()];
            let indentation = indentation(content).len() + 2;
            let styled = match random.below(14) {
                0 => format!("'{scalar}'"),
                1 => format!("\"{scalar}\""),
                2 => format!("|\n{:indentation$}{scalar}\n", ""),
                3 => format!(">-\n{:indentation$}{scalar}\n", ""),
                4 => format!("[{scalar}]"),
                5 => format!("{{{scalar}: {scalar}}}"),
                6 => format!("&a {scalar}"),
                7 => format!("!!str {scalar}"),
                8 => format!("\n{:indentation$}{scalar}", ""),
                9 => format!("{scalar}\n{:indentation$}{scalar}", ""),
                10 => format!("? {scalar}\n: {scalar}"),
                11 => format!("{scalar}: {scalar}"),
                12 => format!("{scalar} # {scalar}"),
                _ => format!("&{scalar} *{scalar}"),
            };
            replaced(range, &styled)
        }
        _ => match random.below(4) {
            0 => text.replace('\n', "\r\n"),
            1 => text.trim_end().to_owned(),
            2 => format!("\u{feff}{text}"),
            _ => format!("{text}{}", random.pick(&PIECES)),
        },
    }
}

fn lines(text: &str) -> Vec<Range<usize>> {
    let mut end = 0;
    text.split_inclusive('\n')
        .map(|line| {
            end += line.len();
            end - line.len()..end
        })
        .collect()
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A word that may be a scalar, or part of one.
fn scalar(text: &str, random: &mut Random) -> Option<Range<usize>> {
    let is_part = |character: char| !matches!(character, ' ' | '\n' | '\r' | '\t' | ',' | '[' | ']' | '{' | '}');
    let from = boundary(text, random.below(text.len()));
    let start = from + text[from..].find(is_part)?;
    let word = &text[start..];
    let word = &word[..word.find(|character| !is_part(character)).unwrap_or(word.len())];
    let word = word.strip_suffix(':').unwrap_or(word);
    Some(start..start + word.len())
}
