/**
 * What the person works on: files, settings, and what the chain needs.
 *
 * Texts of files are held as the editor holds them (`Text`, a tree), so that a keystroke in a large file copies nothing.
 */
import { Text } from "@codemirror/state";
import { computed, signal } from "@preact/signals";
import type { PageInput, TextFile } from "../wasm/playground";
import { type Snapshot, uniqueName } from "./snapshot";

export interface OpenFile {
  readonly id: number;
  name: string;
  doc: Text;
  /** How its lines ended, so that it is saved as it was opened. */
  lineEnd: "\n" | "\r\n";
}

export const files = signal<readonly OpenFile[]>([]);
export const activeId = signal(0);
export const settings = signal("");
export const issuer = signal("");
export const namespace = signal("");
export const credentials = signal<readonly TextFile[]>([]);
/** Counts changes: answers belong to a revision. */
export const revision = signal(0);
/** Whether the person wrote some of it. */
export const isOwn = signal(false);

export const activeFile = computed(() => files.value.find((file) => file.id === activeId.value));

let lastId = 0;

function open({ name, text }: TextFile, taken: ReadonlySet<string>): OpenFile {
  const lines = text.split(/\r\n?|\n/);
  return { id: ++lastId, name: uniqueName(name, taken), doc: Text.of(lines), lineEnd: text.includes("\r\n") ? "\r\n" : "\n" };
}

/** To be called after every change of the input. */
export function changed(): void {
  isOwn.value = true;
  revision.value++;
}

export function addFiles(added: TextFile[]): void {
  const taken = new Set(files.value.map((file) => file.name));
  const opened = added.map((file) => {
    const it = open(file, taken);
    taken.add(it.name);
    return it;
  });
  // An empty file without a name of its own gives way.
  const kept = files.value.filter((file) => file.doc.length > 0 || added.every((it) => it.text === ""));
  files.value = [...kept, ...opened];
  activeId.value = opened[0]?.id ?? activeId.value;
  changed();
}

export function renameFile(id: number, wanted: string): void {
  const taken = new Set(files.value.filter((file) => file.id !== id).map((file) => file.name));
  files.value = files.value.map((file) => (file.id === id ? Object.assign(file, { name: uniqueName(wanted, taken) }) : file));
  changed();
}

export function closeFile(id: number): void {
  const position = files.value.findIndex((file) => file.id === id);
  const left = files.value.filter((file) => file.id !== id);
  files.value = left.length > 0 ? left : [open({ name: "manifest.yaml", text: "" }, new Set())];
  if (activeId.value === id) activeId.value = files.value[Math.min(Math.max(position, 0), files.value.length - 1)]?.id ?? 0;
  changed();
}

export function fileNamed(name: string): OpenFile | undefined {
  return files.value.find((file) => file.name === name);
}

/** Joined texts, kept as long as their trees: other tabs do not change with every keystroke. */
const texts = new WeakMap<Text, string>();

export function textOf(doc: Text): string {
  let text = texts.get(doc);
  if (text === undefined) {
    text = doc.toString();
    texts.set(doc, text);
  }
  return text;
}

/** What the adapter is asked about. */
export function currentInput(): PageInput {
  const namespaceValue = namespace.value.trim();
  const issuerValue = issuer.value.trim();
  return {
    files: files.value.map((file) => ({ name: file.name, text: textOf(file.doc) })),
    settings: settings.value,
    credentials: credentials.value.filter((file) => file.text.trim() !== ""),
    ...(namespaceValue && { namespace: namespaceValue }),
    ...(issuerValue && { issuer: issuerValue }),
  };
}

export function currentSnapshot(): Snapshot {
  return {
    files: files.value.map((file) => ({ name: file.name, text: file.doc.sliceString(0, undefined, file.lineEnd) })),
    active: Math.max(
      0,
      files.value.findIndex((file) => file.id === activeId.value),
    ),
    settings: settings.value,
    issuer: issuer.value,
    namespace: namespace.value,
    credentials: [...credentials.value],
  };
}

/** Replaces everything. */
export function restore(snapshot: Snapshot, own: boolean): void {
  const taken = new Set<string>();
  files.value = snapshot.files.map((file) => {
    const it = open(file, taken);
    taken.add(it.name);
    return it;
  });
  activeId.value = files.value[snapshot.active]?.id ?? files.value[0]?.id ?? 0;
  settings.value = snapshot.settings;
  issuer.value = snapshot.issuer;
  namespace.value = snapshot.namespace;
  credentials.value = snapshot.credentials;
  changed();
  isOwn.value = own;
}

/** The length of all texts, for decisions about cost. */
export function totalLength(): number {
  return files.value.reduce((sum, file) => sum + file.doc.length, settings.value.length);
}
