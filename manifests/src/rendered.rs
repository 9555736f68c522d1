//! The output of `helm template`: one text that holds the files of many templates.

use crate::source::Source;

/// What helm writes above each document.
const SOURCE: &str = "# Source: ";

/// Splits a rendered text into one text for each document that names its template in a comment `# Source: NAME`, under that name. Its
/// lines are counted from the line below the comment: that is where the document begins in a template that begins with it. A text
/// without such comments stays whole, under `name`.
pub fn split(name: &str, text: &str) -> Vec<Source> {
    let (mut sources, mut is_separated) = (Vec::<(&str, usize)>::new(), true);
    let mut starts = Vec::new();
    let (mut at, mut separator) = (0, 0);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let template = content.strip_prefix(SOURCE).filter(|_| is_separated).map(str::trim);
        if let Some(template) = template.filter(|template| !template.is_empty()) {
            starts.push(separator.max(sources.last().map_or(0, |(_, start)| *start)));
            sources.push((template, at + line.len()));
        }
        (is_separated, separator) = if content == "---" { (true, at) } else { (false, at + line.len()) };
        at += line.len();
    }
    let Some(first) = starts.first().copied() else {
        return vec![Source { name: name.into(), text: text.into() }];
    };
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let parts = sources.into_iter().zip(ends).map(|((template, start), end)| (template, text.get(start..end)));
    let before = text.get(..first).filter(|before| !before.trim().is_empty()).map(|before| (name, Some(before)));
    let all = before.into_iter().chain(parts);
    all.map(|(name, text)| Source { name: name.into(), text: text.unwrap_or_default().into() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<(String, String)> {
        split("-", text).iter().map(|it| (it.name.to_string(), it.text.to_string())).collect()
    }

    fn part(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn each_document_of_helm_has_the_name_of_its_template() {
        let text = "---\n# Source: shop/templates/a.yaml\na: 1\n---\n# Source: shop/templates/b.yaml\nb: |\n  # Source: x\nc: 2\n";
        let b = "b: |\n  # Source: x\nc: 2\n";
        assert_eq!(parts(text), [part("shop/templates/a.yaml", "a: 1\n"), part("shop/templates/b.yaml", b)]);
        assert_eq!(parts("a: 1\n---\n# Source: x.yaml\r\nb: 1"), [part("-", "a: 1\n"), part("x.yaml", "b: 1")]);
    }

    #[test]
    fn a_text_without_templates_stays_whole() {
        for text in ["", "a: 1\n", "a: 1\n# Source: x\nb: 1\n"] {
            assert_eq!(parts(text), [part("-", text)]);
        }
    }
}
