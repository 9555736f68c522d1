/**
 * The editor of the manifests: one view, and for each open file a state with its own history and selection.
 *
 * It is the only place that changes texts; everything else asks it to.
 */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import {
  type Diagnostic,
  forEachDiagnostic,
  linter,
  lintGutter,
  nextDiagnostic,
  previousDiagnostic,
  setDiagnostics,
} from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import type { PlacedEdit } from "../wasm/playground";
import { shadowOf } from "./host";
import { editorTheme } from "./theme";
import { yaml } from "./yaml";

export interface EditorOptions {
  label: string;
  placeholder: string;
  /** A file's text changed. */
  onChange(id: number, doc: Text): void;
}

/** What every editor of YAML on the page has. */
export function yamlExtensions(label: string): Extension {
  return [
    lineNumbers(),
    highlightSpecialChars(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    yaml(),
    editorTheme,
    EditorState.tabSize.of(2),
    EditorView.contentAttributes.of({
      "aria-label": label,
      tabindex: "0",
      spellcheck: "false",
      autocapitalize: "off",
      autocorrect: "off",
    }),
    // Tab is not bound: it must lead out of the editor. Ctrl-] and Ctrl-[ indent.
    keymap.of([...defaultKeymap, ...historyKeymap]),
  ];
}

export class Editor {
  readonly view: EditorView;
  readonly #states = new Map<number, EditorState>();
  readonly #extensions: Extension;
  #active = 0;

  constructor(
    host: HTMLElement,
    private readonly options: EditorOptions,
  ) {
    const root = shadowOf(host);
    this.#extensions = [
      yamlExtensions(options.label),
      foldGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      lintGutter(),
      linter(null),
      search({ top: true }),
      placeholder(options.placeholder),
      keymap.of([
        { key: "F8", run: nextDiagnostic },
        { key: "Shift-F8", run: previousDiagnostic },
        { key: "Alt-Enter", run: fixHere },
        { key: "Mod-.", run: fixHere },
        ...searchKeymap,
        ...foldKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) this.options.onChange(this.#active, update.state.doc);
      }),
    ];
    this.view = new EditorView({ root, parent: root, state: this.#create("") });
  }

  /** Shows a file. Files that are not in `open` any more are forgotten. */
  show(id: number, doc: Text, open: ReadonlySet<number>): void {
    if (id === this.#active) return;
    this.#states.set(this.#active, this.view.state);
    for (const known of this.#states.keys()) if (!open.has(known)) this.#states.delete(known);
    this.#active = id;
    this.view.setState(this.#states.get(id) ?? this.#create(doc));
  }

  showDiagnostics(diagnostics: (state: EditorState) => Diagnostic[]): void {
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics(this.view.state)));
  }

  /** Selects a place of the file that is shown, and moves the focus there. */
  select(from: number, to: number): void {
    const { length } = this.view.state.doc;
    const [anchor, head] = [Math.min(from, length), Math.min(to, length)];
    this.view.dispatch({ selection: { anchor, head }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.view.focus();
  }

  /** Applies changes to the file that is shown, as one step of its history. */
  apply(edits: readonly PlacedEdit[]): void {
    this.view.dispatch({ changes: changesOf(edits), userEvent: "input.fix" });
  }

  #create(doc: Text | string): EditorState {
    return EditorState.create({ doc, extensions: this.#extensions });
  }
}

/** Changes of a file as CodeMirror takes them. */
export function changesOf(edits: readonly PlacedEdit[]) {
  return edits.map(({ offset, endOffset, text }) => ({ from: offset, to: endOffset, insert: text }));
}

/** Applies the fix at the cursor, else the first of its line. */
function fixHere(view: EditorView): boolean {
  const { head } = view.state.selection.main;
  const line = view.state.doc.lineAt(head);
  let best: { diagnostic: Diagnostic; from: number; to: number } | undefined;
  forEachDiagnostic(view.state, (diagnostic, from, to) => {
    if (!diagnostic.actions?.length || from > line.to || to < line.from) return;
    const isCloser = from <= head && head <= to;
    if (!best || (isCloser && !(best.from <= head && head <= best.to))) best = { diagnostic, from, to };
  });
  best?.diagnostic.actions?.[0]?.apply(view, best.from, best.to);
  return best !== undefined;
}
