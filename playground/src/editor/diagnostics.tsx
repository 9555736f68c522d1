/** Findings and problems as CodeMirror shows them: marks, hover and quick fixes. */
import type { Diagnostic } from "@codemirror/lint";
import type { EditorState } from "@codemirror/state";
import { render } from "preact";
import type { Rule } from "../rules/rule";
import { loadRules, RuleText } from "../rules/rules";
import type { Diagnostic as Finding, ReadError } from "../wasm/playground";
import { changesOf } from "./editor";

const LEVEL = { deny: "error", warn: "warning", note: "info" } as const satisfies Record<
  Finding["severity"],
  Diagnostic["severity"]
>;

/** The diagnostics of a file. */
export function diagnosticsOf(
  file: string,
  findings: readonly Finding[],
  errors: readonly ReadError[],
  state: EditorState,
): Diagnostic[] {
  const { doc } = state;
  const within = (offset: number) => Math.min(Math.max(offset, 0), doc.length);
  const found = findings
    .filter((finding) => finding.file === file)
    .map((finding): Diagnostic => {
      const diagnostic: Diagnostic = {
        from: within(finding.offset),
        to: within(finding.endOffset),
        severity: LEVEL[finding.severity],
        message: `${finding.rule}: ${finding.message}; ${finding.fix}`,
        renderMessage: () => tip(<FindingTip finding={finding} />, finding.rule),
      };
      if (finding.fixable) {
        diagnostic.actions = [
          {
            name: finding.applicability === "suggestion" ? "Apply the suggestion" : "Fix",
            apply: (view) => view.dispatch({ changes: changesOf(finding.edits), userEvent: "input.fix" }),
          },
        ];
      }
      return diagnostic;
    });
  const unread = errors
    .filter((error) => error.file === file)
    .map((error): Diagnostic => {
      const line = doc.line(Math.min(Math.max(error.line ?? 1, 1), doc.lines));
      return { from: line.from, to: line.to, severity: "error", message: error.message };
    });
  return [...found, ...unread].sort((a, b) => a.from - b.from);
}

const NAMES = { deny: "Denied", warn: "Warning", note: "Note" } as const satisfies Record<Finding["severity"], string>;

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
