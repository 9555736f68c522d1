//! Names that people type, and what they may have meant.

use azure_workload_identity_lint::rule::Rule;

/// The rule of a name, or a message that suggests one.
pub(crate) fn rule(name: &str) -> Result<Rule, String> {
    Rule::from_name(name).ok_or_else(|| match nearest(name, Rule::all().map(Rule::name)) {
        Some(known) => format!("there is no rule {name:?}; did you mean {known}?"),
        None => format!("there is no rule {name:?}; `azwi-check rules` lists all"),
    })
}

/// The known name that is nearest to a name, if it is near enough to be meant.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_ascii_lowercase();
    let likeness =
        known.map(|known| (strsim::normalized_damerau_levenshtein(&name, &known.to_ascii_lowercase()), known));
    let likeness =
        likeness.filter(|(likeness, known)| *likeness >= 0.7 || (name.len() > 3 && known.starts_with(&name)));
    likeness.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_corrected() {
        for (name, expected) in [
            ("lable-value", Some("label-value")),
            ("label_value", Some("label-value")),
            ("Label-Value", Some("label-value")),
            ("client-id", Some("client-id-format")),
            ("label", Some("label-value")),
            ("wrongtype", Some("wrong-type")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, Rule::all().map(Rule::name)), expected, "{name}");
        }
    }
}
