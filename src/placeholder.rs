//! Placeholders: parts of a value that a tool replaces before the object is applied.
//!
//! Known are those of envsubst and Flux (`${X}`, `$X`; with a default, `${X:=y}` and `${X:-y}`), Azure Pipelines (`$(X)`, `__X__`,
//! `#{X}#`), templates (`{{X}}`, `<% X %>`), Windows shells (`%X%`), and others of generators (`@@X@@`, `[[x]]`, `((x))`), and
//! references to stores of secrets (`<path:…#…>` of Argo CD's Vault plugin, `ref+…` of vals).

/// What begins and ends a placeholder with a name in it, the longer openings first.
const FORMS: [(&str, &str); 11] = [
    ("${", "}"),
    ("$(", ")"),
    ("{{", "}}"),
    ("#{", "}"),
    ("<%", "%>"),
    ("<path:", ">"),
    ("@@", "@@"),
    ("[[", "]]"),
    ("((", "))"),
    ("__", "__"),
    ("%", "%"),
];

/// Those in which nothing but a name stands; in the others may be anything.
const NAMED: [&str; 3] = ["@@", "__", "%"];

/// A placeholder in a text.
struct Placeholder<'t> {
    /// The text before it.
    before: &'t str,
    /// What counts where nothing replaces it.
    default: Option<&'t str>,
    /// The text behind it.
    behind: &'t str,
}

/// Whether something in a value is still to be filled in.
pub fn has_placeholder(value: &str) -> bool {
    first(value).is_some()
}

/// The value if nothing fills it in: with the default of each placeholder; `None` if one has no default.
pub fn with_defaults(value: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(placeholder) = first(rest) {
        text.push_str(placeholder.before);
        text.push_str(placeholder.default?);
        rest = placeholder.behind;
    }
    text.push_str(rest);
    Some(text)
}

/// The first placeholder of a text.
fn first(text: &str) -> Option<Placeholder<'_>> {
    if text.starts_with("ref+") {
        return Some(Placeholder { before: "", default: None, behind: "" });
    }
    // All openings are of these characters.
    text.match_indices(['$', '{', '#', '<', '@', '[', '(', '_', '%']).find_map(|(at, _)| {
        let (before, rest) = text.split_at_checked(at)?;
        let (default, behind) = bare(rest).or_else(|| FORMS.iter().find_map(|form| delimited(rest, form)))?;
        Some(Placeholder { before, default, behind })
    })
}

/// `$X` at the beginning of a text: its default, which it never has, and what is behind it.
fn bare(text: &str) -> Option<(Option<&str>, &str)> {
    let name = text.strip_prefix('$')?;
    let end = name.find(|c: char| !is_name(c)).unwrap_or(name.len());
    (end > 0 && !name.starts_with(|c: char| c.is_ascii_digit())).then(|| (None, name.get(end..).unwrap_or_default()))
}

/// A placeholder of this form at the beginning of a text: its default, and what is behind it.
fn delimited<'t>(text: &'t str, (opening, closing): &(&str, &str)) -> Option<(Option<&'t str>, &'t str)> {
    let (content, behind) = text.strip_prefix(opening)?.split_once(closing)?;
    let is_name_only = NAMED.contains(opening);
    if content.trim().is_empty() || (is_name_only && !content.chars().all(is_name)) {
        return None;
    }
    let default = if *opening == "${" { content.split_once(":=").or_else(|| content.split_once(":-")) } else { None };
    Some((default.map(|(_, default)| default), behind.strip_prefix('#').filter(|_| *opening == "#{").unwrap_or(behind)))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_known_by_its_delimiters() {
        for value in [
            "${X}",
            "a-${X}-b",
            "$X",
            "$(X)",
            "__X__",
            "a__client.id__",
            "{{X}}",
            "{{ .Values.id }}",
            "#{X}#",
            "#{X}",
            "%X%",
            "@@X@@",
            "[[x]]",
            "((x))",
            "<% x %>",
            "<path:secret/data/orders#client-id>",
            "ref+vault://secret/orders#/id",
        ] {
            assert!(has_placeholder(value), "{value}");
        }
        for value in [
            "",
            "$",
            "$1",
            "${}",
            "${X",
            "{{ }}",
            "____",
            "a__b",
            "50% of 100%",
            "100%",
            "<your-id>",
            "REPLACE_ME_ID",
            "00000000-0000-0000-0000-000000000000",
            "https://login.microsoftonline.com/",
            "user@@",
        ] {
            assert!(!has_placeholder(value), "{value}");
        }
    }

    #[test]
    fn a_default_counts_where_nothing_else_does() {
        for (value, expected) in [
            ("${X:=web}", Some("web")),
            ("${X:-}", Some("")),
            ("a-${X:=b}-${Y:-c}", Some("a-b-c")),
            ("a-${X:=b}-${Y}", None),
            ("$X", None),
            ("{{ X := 1 }}", None),
            ("web", Some("web")),
        ] {
            assert_eq!(with_defaults(value).as_deref(), expected, "{value}");
        }
    }
}
