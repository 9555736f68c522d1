/** Files of the person's disk: read when they are opened or dropped, written when they are saved. Nothing leaves the browser. */
import { tell } from "../state/notice";
import { addFiles, type OpenFile } from "../state/session";
import type { TextFile } from "../wasm/playground";

const MAX_FILES = 300;
const MAX_BYTES = 12 * 1024 * 1024;
const IS_MANIFEST = /\.(ya?ml|json)$/i;

/** A file, and its path in a folder. */
interface Found {
  path: string;
  file: File;
}

export async function openChosen(list: FileList): Promise<void> {
  await open(Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file })));
}

export async function openDropped(transfer: DataTransfer): Promise<void> {
  // Entries have to be taken before the first wait: afterwards the transfer is empty.
  const dropped = Array.from(transfer.items, (item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found: Found[] = [];
  for (const it of dropped) {
    if (it instanceof File) found.push({ path: it.name, file: it });
    else if (it) await walk(it, found);
  }
  await open(found);
}

async function open(found: Found[]): Promise<void> {
  // A file that was chosen by itself is opened whatever its name is; of a folder only manifests are.
  const wanted = found
    .filter(({ path }) => !path.includes("/") || IS_MANIFEST.test(path))
    .sort((a, b) => a.path.localeCompare(b.path));
  const opened: TextFile[] = [];
  const left: string[] = [];
  let bytes = 0;
  for (const { path, file } of wanted) {
    bytes += file.size;
    const text = opened.length < MAX_FILES && bytes <= MAX_BYTES ? await readText(file) : undefined;
    if (text === undefined) left.push(path);
    else opened.push({ name: path, text });
  }
  if (opened.length > 0) addFiles(opened);
  if (left.length > 0) {
    const reason = `only text is opened, at most ${MAX_FILES} files and ${MAX_BYTES >> 20} MB together`;
    tell(`${left.length} of ${wanted.length} files were not opened, such as ${left[0]}: ${reason}.`);
  } else if (opened.length === 0) tell("There are no manifests: names end in .yaml, .yml or .json.");
}

/** The text; `undefined` if the file is no text. */
async function readText(file: File): Promise<string | undefined> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return text.includes("\0") ? undefined : text;
  } catch {
    return;
  }
}

async function walk(entry: FileSystemEntry, found: Found[]): Promise<void> {
  if (found.length > 20 * MAX_FILES) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)).catch(
      () => undefined,
    );
    if (file) found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  if (/^(\.git|node_modules)$/.test(entry.name)) return;
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives a part of the folder at a time.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
    if (part.length === 0) return;
    for (const child of part) await walk(child, found);
  }
}

export function saveFile(file: OpenFile): void {
  const blob = new Blob([file.doc.sliceString(0, undefined, file.lineEnd)], { type: "text/plain;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = file.name.split("/").at(-1) ?? file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
