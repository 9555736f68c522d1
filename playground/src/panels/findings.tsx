/** The findings in words: a click leads to the place, a button applies the fix. */
import { useSignal, useSignalEffect } from "@preact/signals";
import { fix, goTo } from "../editor/commands";
import type { Rule } from "../rules/rule";
import { loadRules, RuleText } from "../rules/rules";
import { tell } from "../state/notice";
import { check, isChecking } from "../state/results";
import { Icon, SeveritySign } from "../ui/icon";
import { objectName } from "../ui/object-name";
import type { Diagnostic as Finding, Report } from "../wasm/playground";

/** How many are shown at first, and how many more each time. */
const STEP = 100;
const NAMES = { deny: "Denied", warn: "Warning", note: "Note" } as const;

export function Findings() {
  const shown = useSignal(STEP);
  const result = check.value;
  if (!result) return <p class="quiet">{isChecking.value ? "Checking…" : "There is no answer yet."}</p>;
  const { findings } = result.value;
  // What is only suggested is decided one by one.
  const fixable = findings.filter((finding) => finding.applicability === "safe");
  return (
    <>
      <Unread report={result.value} />
      <div class="headline">
        <Summary report={result.value} />
        {fixable.length > 0 && (
          <button type="button" class="primary" onClick={() => tellFixed(fix(fixable), fixable.length, findings.length)}>
            Fix all {fixable.length > 1 ? fixable.length : ""}
          </button>
        )}
      </div>
      <ul class="findings">
        {findings.slice(0, shown.value).map((finding) => (
          <FindingItem key={finding.fingerprint} finding={finding} />
        ))}
      </ul>
      {findings.length > shown.value && (
        <button
          type="button"
          onClick={() => {
            shown.value += STEP;
          }}
        >
          Show {Math.min(STEP, findings.length - shown.value)} more of {findings.length - shown.value}
        </button>
      )}
      {findings.length > 0 && (
        <p class="help">
          In the editor, <kbd>F8</kbd> leads to the next finding, and <kbd>Alt</kbd> <kbd>Enter</kbd> applies the fix of the line.
        </p>
      )}
      {result.more > 0 && (
        <p class="quiet">{result.more.toLocaleString("en")} more findings are not shown. azwi-check has no such limit.</p>
      )}
    </>
  );
}

function tellFixed(fixed: number, fixable: number, all: number): void {
  if (fixed === 0) return;
  const again = fixable > fixed ? " Fix all again: some corrections change the same text." : "";
  const left = all > fixable ? " The others need a decision of yours." : "";
  tell(`Fixed ${fixed} of ${all} findings. Ctrl-Z in the editor undoes it.${again}${left}`);
}

function Summary({ report }: { report: Report }) {
  const { objects, identity, deny, warn, note } = report.summary;
  const things = (count: number, name: string, names = `${name}s`) =>
    `${count.toLocaleString("en")} ${count === 1 ? name : names}`;
  if (objects === 0 && report.errors.length === 0) return <p>No objects. Paste a manifest, or choose an example.</p>;
  const parts = [deny && things(deny, "denial"), warn && things(warn, "warning"), note && things(note, "note")].filter(Boolean);
  const found = parts.length > 0 ? parts.join(", ") : "no findings";
  return (
    <p>
      <strong>{found}</strong> in {things(objects, "object")}
      {identity + deny + warn + note === 0 && "; nothing here asks for an identity"}
    </p>
  );
}

function Unread({ report }: { report: Report }) {
  const { errors, skipped } = report;
  if (errors.length + skipped.length === 0) return null;
  return (
    <ul class="problems" aria-label="What cannot be read">
      {errors.slice(0, STEP).map(({ file, line, message }) => (
        <li key={`${file} ${line} ${message}`}>
          <SeveritySign severity="deny" />
          <span>
            {file && <code>{[file, line].filter((part) => part !== undefined).join(":")}</code>} {message}
          </span>
        </li>
      ))}
      {skipped.slice(0, STEP).map(({ file, reason }) => (
        <li key={`${file} ${reason}`}>
          <SeveritySign severity="note" />
          <span>
            <code>{file}</code> is not checked: {reason}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function FindingItem({ finding }: { finding: Finding }) {
  const isOpen = useSignal(false);
  const { rule, severity, message, related } = finding;
  const isSuggestion = finding.applicability === "suggestion";
  return (
    <li class={`finding ${severity}`}>
      <button type="button" class="go" onClick={() => goTo(finding)}>
        <span class="head">
          <SeveritySign severity={severity} />
          <span class="severity">{NAMES[severity]}</span>
          <span class="rule">{rule}</span>
          <span class="place">
            {finding.file}:{finding.line}:{finding.column}
          </span>
        </span>
        <span class="object">{objectName(finding.object)}</span>
        <span class="message">{message}</span>
        <span class="fix">
          <span class="what">{isSuggestion ? "Suggestion" : "Fix"}</span> {finding.fix}
        </span>
        {finding.doubt && (
          <span class="fix">
            <span class="what">Not sure</span> {finding.doubt}
          </span>
        )}
      </button>
      {related.length > 0 && (
        <ul class="related">
          {related.map((it) => (
            <li key={`${it.file} ${it.offset} ${it.message}`}>
              <button type="button" class="link" onClick={() => goTo(it)}>
                {it.file}:{it.line}
              </button>{" "}
              {it.message}
            </li>
          ))}
        </ul>
      )}
      <div class="actions">
        {finding.fixable && (
          <button
            type="button"
            class="small accent"
            aria-label={`${isSuggestion ? "Apply the suggestion of" : "Fix"} ${rule} in line ${finding.line}`}
            onClick={() => fix([finding])}
          >
            {isSuggestion ? "Apply" : "Fix"}
          </button>
        )}
        <button
          type="button"
          class="small"
          aria-expanded={isOpen.value}
          aria-label={`About the rule ${rule}`}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          <Icon name="book" /> About the rule
        </button>
      </div>
      {isOpen.value && <About rule={rule} />}
    </li>
  );
}

function About({ rule: name }: { rule: string }) {
  const rule = useSignal<Rule | "none" | undefined>(undefined);
  useSignalEffect(() => {
    void loadRules().then((rules) => {
      rule.value = rules.get(name) ?? "none";
    });
  });
  if (rule.value === undefined) return <p class="quiet">Loading…</p>;
  if (rule.value === "none") return <p class="quiet">There is no text about this rule.</p>;
  return (
    <div class="about">
      <RuleText text={rule.value.text} />
    </div>
  );
}
