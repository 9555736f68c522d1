//! Chains in the language of Graphviz.
//!
//! Source: graphviz.org, "DOT Language".

use std::io::{self, Write};

use azure_workload_identity_trace::chain::graph::{Graph, LinkState};
use azure_workload_identity_trace::chain::report::ChainReport;

use crate::printable::printable;

/// Writes the graph.
pub(super) fn write(report: &ChainReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph chains {{\n  rankdir=LR;\n  node [shape=box, style=rounded];")?;
    for (number, group) in Graph::new(report).groups.iter().enumerate() {
        writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{}\";", escaped(&group.title))?;
        for node in &group.nodes {
            let lines: Vec<_> = node.lines.iter().map(|line| escaped(line)).collect();
            writeln!(out, "    {} [label=\"{}\"];", node.id, lines.join("\\n"))?;
        }
        for edge in &group.edges {
            let style = match edge.state {
                LinkState::Whole => "",
                LinkState::Open => ", style=dotted",
                LinkState::Unknown => ", style=dashed, color=\"#bf8700\"",
                LinkState::Broken => ", style=bold, color=\"#d1242f\", arrowhead=tee",
            };
            writeln!(out, "    {} -> {} [label=\"{}\"{style}];", edge.from, edge.to, escaped(&edge.label))?;
        }
        writeln!(out, "  }}")?;
    }
    writeln!(out, "}}")
}

/// A text between quotes.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for it in printable(text).chars() {
        match it {
            '"' | '\\' => escaped.extend(['\\', it]),
            it => escaped.push(it),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_text() {
        assert_eq!(escaped("a\"b\\n\nc"), "a\\\"b\\\\n␊c");
    }
}
