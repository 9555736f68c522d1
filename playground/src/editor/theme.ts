/** How the editors look: colours are the page's variables, which reach into the shadow root, so that dark and light need no change here. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const marker = (colour: string, shape: string) => ({
  content: '""', // CodeMirror's own picture would be a data URL, which the content security policy forbids.
  display: "block",
  width: "11px",
  height: "11px",
  margin: "4px auto 0",
  backgroundColor: colour,
  clipPath: shape,
});
const wave = (colour: string) => ({
  backgroundImage: "none",
  textDecoration: `underline wavy ${colour} 1.5px`,
  textUnderlineOffset: "3px",
  paddingBottom: "0",
});
const OCTAGON = "polygon(30% 0, 70% 0, 100% 30%, 100% 70%, 70% 100%, 30% 100%, 0 70%, 0 30%)";
const TRIANGLE = "polygon(50% 0, 100% 100%, 0 100%)";
const CIRCLE = "circle(42%)";

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "13px" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection) !important" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--text-faint)", border: "none", paddingLeft: "2px" },
  ".cm-activeLine": { backgroundColor: "var(--line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--line)", color: "var(--text)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selection) !important", outline: "1px solid var(--border)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--raised)", color: "var(--text-soft)", border: "1px solid var(--border)" },
  ".cm-placeholder": { color: "var(--text-soft)" },
  ".cm-lint-marker": { width: "16px", height: "auto", padding: "0" },
  ".cm-gutter-lint": { width: "16px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 2px" },
  ".cm-lint-marker-error::before": marker("var(--deny)", OCTAGON),
  ".cm-lint-marker-warning::before": marker("var(--warn)", TRIANGLE),
  ".cm-lint-marker-info::before": marker("var(--note)", CIRCLE),
  ".cm-lint-marker-error, .cm-lint-marker-warning, .cm-lint-marker-info": { content: "none !important" },
  ".cm-lintRange-error": wave("var(--deny)"),
  ".cm-lintRange-warning": wave("var(--warn)"),
  ".cm-lintRange-info": wave("var(--note)"),
  ".cm-lintRange-active": { backgroundColor: "var(--selection)" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    border: "1px solid var(--border-strong)",
    borderRadius: "8px",
    boxShadow: "var(--shadow)",
    maxWidth: "min(34rem, calc(100vw - 24px))",
    overflow: "hidden",
  },
  ".cm-tooltip-lint": { maxHeight: "min(26rem, 60vh)", overflow: "auto", fontFamily: "var(--sans)" },
  ".cm-diagnostic": {
    padding: "10px 12px",
    borderLeft: "4px solid transparent",
    whiteSpace: "normal",
    fontSize: "13px",
    lineHeight: "1.5",
  },
  ".cm-diagnostic + .cm-diagnostic": { borderTop: "1px solid var(--border)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--deny)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--note)" },
  ".cm-diagnosticAction": {
    font: "inherit",
    fontWeight: "600",
    color: "var(--on-accent)",
    backgroundColor: "var(--accent)",
    borderRadius: "6px",
    padding: "3px 12px",
    margin: "8px 0 0 0",
    cursor: "pointer",
  },
  ".cm-diagnosticAction u": { textDecoration: "none" },
  ".tip p": { margin: "4px 0 0", overflowWrap: "anywhere" },
  ".tip .head": { fontWeight: "600", margin: "0" },
  ".tip .rule": { marginTop: "8px", paddingTop: "8px", borderTop: "1px solid var(--border)", color: "var(--text-soft)" },
  ".tip code": {
    fontFamily: "var(--mono)",
    fontSize: "12px",
    backgroundColor: "var(--line)",
    borderRadius: "4px",
    padding: "0 3px",
  },
  ".tip pre": { fontFamily: "var(--mono)", fontSize: "12px", whiteSpace: "pre-wrap", margin: "6px 0" },
  ".tip a": { color: "var(--accent-text)" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--border)" },
  ".cm-panels button, .cm-panels .cm-textfield": {
    backgroundImage: "none",
    backgroundColor: "var(--surface)",
    color: "var(--text)",
    border: "1px solid var(--border-strong)",
    borderRadius: "4px",
  },
  ".cm-changedLine": { backgroundColor: "var(--added) !important" },
  ".cm-changedText": { background: "var(--added-strong) !important" },
  ".cm-deletedChunk": { backgroundColor: "var(--removed) !important" },
  ".cm-deletedChunk .cm-deletedText": { background: "var(--removed-strong) !important" },
  ".cm-changeGutter": { width: "4px", paddingLeft: "0" },
  ".cm-changedLineGutter": { background: "var(--added-mark) !important" },
  ".cm-deletedLineGutter": { background: "var(--removed-mark) !important" },
  ".cm-collapsedLines::before, .cm-collapsedLines::after": { content: '"⋯" !important', margin: "0 8px !important" },
  ".cm-collapsedLines": { background: "var(--raised) !important", color: "var(--text-soft) !important", padding: "4px 8px" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--syntax-key)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--syntax-string)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--syntax-number)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--syntax-comment)", fontStyle: "italic" },
  { tag: [tags.meta, tags.punctuation, tags.separator, tags.labelName, tags.typeName], color: "var(--syntax-mark)" },
]);

export const editorTheme: Extension = [look, syntaxHighlighting(colours)];
