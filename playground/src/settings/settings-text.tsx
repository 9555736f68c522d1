/** The settings as text, with what the policy says about them at its line. */
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorView, placeholder } from "@codemirror/view";
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { diagnosticsOf } from "../editor/diagnostics";
import { yamlExtensions } from "../editor/editor";
import { shadowOf } from "../editor/host";
import { check } from "../state/results";
import { changed, settings } from "../state/session";

/** The name under which the adapter reports problems of the settings. */
export const SETTINGS = "settings";

export function SettingsText() {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | undefined>(undefined);
  useEffect(() => {
    if (!host.current) return;
    const root = shadowOf(host.current);
    const editor = new EditorView({
      root,
      parent: root,
      doc: settings.peek(),
      extensions: [
        yamlExtensions("Settings as YAML"),
        lintGutter(),
        placeholder("preset: recommended"),
        EditorView.updateListener.of((update) => {
          const text = update.state.doc.toString();
          if (!update.docChanged || text === settings.peek()) return;
          settings.value = text;
          changed();
        }),
      ],
    });
    view.current = editor;
    return () => {
      view.current = undefined;
      editor.destroy();
    };
  }, []);
  useSignalEffect(() => {
    const text = settings.value;
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  });
  useSignalEffect(() => {
    const problems = check.value?.value.errors ?? [];
    const editor = view.current;
    editor?.dispatch(setDiagnostics(editor.state, diagnosticsOf(SETTINGS, [], problems, editor.state)));
  });
  return <div class="settings-text" ref={host} />;
}
