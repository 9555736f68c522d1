/** Findings and problems as CodeMirror shows them: marks, hover and quick fixes. */
import type { Diagnostic } from "@codemirror/lint";
import type { EditorState } from "@codemirror/state";
import { render } from "preact";
import type { Rule } from "../rules/rule";
import { loadRules, RuleText } from "../rules/rules";
import type { Finding, Problem, Severity } from "../wasm/playground";

const LEVEL = { deny: "error", warn: "warning", note: "info" } as const satisfies Record<Severity, Diagnostic["severity"]>;

/** The diagnostics of a file. */
export function diagnosticsOf(
  file: string,
  findings: readonly Finding[],
  problems: readonly Problem[],
  state: EditorState,
): Diagnostic[] {
  const { doc } = state;
  const within = (offset: number) => Math.min(Math.max(offset, 0), doc.length);
  const found = findings
    .filter((finding) => finding.place.file === file)
    .map((finding): Diagnostic => {
      const diagnostic: Diagnostic = {
        from: within(finding.place.from),
        to: within(finding.place.to),
        severity: LEVEL[finding.severity],
        message: `${finding.rule}: ${finding.message}; ${finding.fix}`,
        renderMessage: () => tip(<FindingTip finding={finding} />, finding.rule),
      };
      const { edits } = finding;
      if (edits) {
        diagnostic.actions = [
          {
            name: finding.applicability === "suggestion" ? "Apply the suggestion" : "Fix",
            apply: (view) =>
              view.dispatch({ changes: edits.map(({ from, to, text }) => ({ from, to, insert: text })), userEvent: "input.fix" }),
          },
        ];
      }
      return diagnostic;
    });
  const unread = problems
    .filter((problem) => problem.file === file)
    .map((problem): Diagnostic => {
      const line = doc.line(Math.min(Math.max(problem.line ?? 1, 1), doc.lines));
      return { from: line.from, to: line.to, severity: "error", message: problem.message };
    });
  return [...found, ...unread].sort((a, b) => a.from - b.from);
}

const NAMES = { deny: "Denied", warn: "Warning", note: "Note" } as const satisfies Record<Severity, string>;

function FindingTip({ finding, rule }: { finding: Finding; rule?: Rule }) {
  return (
    <>
      <p class="head">
        {NAMES[finding.severity]}: {finding.rule}
      </p>
      <p>{finding.message}</p>
      <p>
        <strong>{finding.applicability === "suggestion" ? "Suggestion" : "Fix"}:</strong> {finding.fix}
      </p>
      {finding.doubt && (
        <p>
          <strong>Not sure:</strong> {finding.doubt}
        </p>
      )}
      {rule && (
        <div class="rule">
          <RuleText text={rule.text} />
        </div>
      )}
    </>
  );
}

/** The element of a hover; the rule's text comes when it is loaded. */
function tip(content: preact.VNode<{ finding: Finding; rule?: Rule }>, name: string): HTMLElement {
  const element = document.createElement("div");
  element.className = "tip";
  render(content, element);
  void loadRules().then((rules) => {
    const rule = rules.get(name);
    if (rule) render(<FindingTip {...content.props} rule={rule} />, element);
  });
  return element;
}
