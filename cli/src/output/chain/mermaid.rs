//! Chains as a flowchart of Mermaid, which GitHub, GitLab and Azure DevOps draw in Markdown.
//!
//! Source: mermaid.js.org, "Flowcharts - Basic Syntax", "Entity codes to escape characters".

use std::fmt::Write as _;
use std::io::{self, Write};

use azure_workload_identity_trace::chain::graph::{Graph, LinkState};
use azure_workload_identity_trace::chain::report::ChainReport;

use crate::printable::printable;

/// Writes the flowchart.
pub(super) fn write(report: &ChainReport, out: &mut dyn Write) -> io::Result<()> {
    let graph = Graph::new(report);
    writeln!(out, "flowchart LR")?;
    let (mut position, mut broken, mut unknown) = (0, Vec::new(), Vec::new());
    for (number, group) in graph.groups.iter().enumerate() {
        writeln!(out, "  subgraph c{number} [\"{}\"]", escaped(&group.title))?;
        for node in &group.nodes {
            let lines: Vec<_> = node.lines.iter().map(|line| escaped(line)).collect();
            writeln!(out, "    {}[\"{}\"]", node.id, lines.join("<br>"))?;
        }
        for edge in &group.edges {
            let (arrow, mark) = match edge.state {
                LinkState::Whole => ("-->", ""),
                LinkState::Open | LinkState::Unknown => ("-.->", "? "),
                LinkState::Broken => ("--x", "✗ "),
            };
            writeln!(out, "    {} {arrow}|\"{mark}{}\"| {}", edge.from, escaped(&edge.label), edge.to)?;
            match edge.state {
                LinkState::Broken => broken.push(position),
                LinkState::Unknown => unknown.push(position),
                LinkState::Whole | LinkState::Open => {}
            }
            position += 1;
        }
        writeln!(out, "  end")?;
    }
    for (edges, style) in [(broken, "stroke:#d1242f,stroke-width:2px"), (unknown, "stroke:#bf8700")] {
        if !edges.is_empty() {
            let edges: Vec<_> = edges.iter().map(usize::to_string).collect();
            writeln!(out, "  linkStyle {} {style}", edges.join(","))?;
        }
    }
    Ok(())
}

/// A text between quotes. Everything that could end the text, or mean something in it, is written as its number.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for it in printable(text).chars() {
        match it {
            it if it.is_alphanumeric() || " -_./:,()".contains(it) => escaped.push(it),
            it => {
                let _ = write!(escaped, "#{};", u32::from(it));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_text() {
        assert_eq!(escaped("a\"]<b>#;\nc`"), "a#34;#93;#60;b#62;#35;#59;#9226;c#96;");
    }
}
