/** A text beside what it would become, to read. Loaded when a diff is shown. */
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { yamlExtensions } from "./editor";
import { shadowOf } from "./host";

/** Shows the difference, and returns how to end it. */
export function showDiff(host: HTMLElement, before: string, after: string, label: string): () => void {
  const root = shadowOf(host);
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: after,
      extensions: [
        yamlExtensions(label),
        EditorState.readOnly.of(true),
        unifiedMergeView({
          original: before,
          mergeControls: false,
          collapseUnchanged: { margin: 4, minSize: 8 },
          // A large text must not stop the page: its diff is coarse.
          diffConfig: { scanLimit: 2_000, timeout: 60 },
        }),
      ],
    }),
  });
  return () => view.destroy();
}
