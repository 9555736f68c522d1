/** What panels ask the editor to do: one editor per page, known once it is mounted. */
import type { EditorState } from "@codemirror/state";
import { signal } from "@preact/signals";
import { tell } from "../state/notice";
import { check, isCurrent } from "../state/results";
import { activeId, credentials, fileNamed, files } from "../state/session";
import type { FilePlace, Diagnostic as Finding, PlacedEdit } from "../wasm/playground";
import { diagnosticsOf } from "./diagnostics";
import type { Editor } from "./editor";

let editor: Editor | undefined;

/** On a phone, the editor and the results take turns. */
export const side = signal<"editor" | "results">("editor");

export function connect(mounted: Editor): void {
  editor = mounted;
}

/** Makes the file the one that is shown, at once. */
function show(name: string): Editor | undefined {
  const file = fileNamed(name);
  if (!file || !editor) return;
  activeId.value = file.id;
  showActive();
  return editor;
}

/** Shows the active file with its findings. */
export function showActive(): void {
  const file = files.peek().find((it) => it.id === activeId.peek());
  if (!file || !editor) return;
  editor.show(file.id, file.doc, new Set(files.peek().map((it) => it.id)));
  showDiagnostics();
}

export function showDiagnostics(): void {
  const file = files.peek().find((it) => it.id === activeId.peek());
  const result = check.peek()?.value;
  // Places of an older text would be wrong; the next answer is on its way.
  if (!file || !result || !isCurrent()) return;
  editor?.showDiagnostics((state: EditorState) => diagnosticsOf(file.name, result.findings, result.errors, state));
}

export function goTo(place: FilePlace): void {
  if (selectInCredentials(place)) return;
  const shown = show(place.file);
  if (!shown) return;
  side.value = "editor";
  // On a phone the editor appears with the next frame.
  requestAnimationFrame(() => shown.select(place.offset, place.endOffset));
}

/** Places in pasted JSON are in a field of the panel, not in the editor. */
function selectInCredentials({ file, offset, endOffset }: FilePlace): boolean {
  const position = credentials.peek().findIndex((it) => it.name === file);
  const field = document.getElementById(credentialId(position));
  if (fileNamed(file) || !(field instanceof HTMLTextAreaElement)) return false;
  field.closest("details")?.setAttribute("open", "");
  field.focus();
  field.setSelectionRange(offset, endOffset);
  field.scrollIntoView({ block: "center" });
  return true;
}

/** The id of the field of a credential. */
export function credentialId(position: number): string {
  return `credential-${position}`;
}

/** Applies the changes of findings, as far as they do not overlap. Returns how many findings were fixed. */
export function fix(findings: readonly Finding[]): number {
  if (!isCurrent()) {
    tell("The text has changed. Try again when the check is complete.");
    return 0;
  }
  const byFile = new Map<string, PlacedEdit[]>();
  let fixed = 0;
  for (const { file, edits } of findings) {
    if (edits.length === 0) continue;
    const chosen = byFile.get(file) ?? [];
    const isSame = (a: PlacedEdit, b: PlacedEdit) => a.offset === b.offset && a.endOffset === b.endOffset && a.text === b.text;
    const isNear = (a: PlacedEdit, b: PlacedEdit) => a.offset <= b.endOffset && b.offset <= a.endOffset;
    const added = edits.filter((edit) => !chosen.some((other) => isSame(edit, other)));
    if (added.some((edit) => chosen.some((other) => isNear(edit, other)))) continue;
    byFile.set(file, [...chosen, ...added]);
    fixed++;
  }
  const before = activeId.peek();
  for (const [file, edits] of byFile) show(file)?.apply(edits);
  if (files.peek().some((file) => file.id === before)) activeId.value = before;
  showActive();
  return fixed;
}
