/** What a reload, a link and an example hold: plain data that is checked where it comes in, because anyone can write it. */
import type { TextFile } from "../wasm/playground";

export interface Snapshot {
  files: TextFile[];
  /** The position of the file that is shown. */
  active: number;
  settings: string;
  issuer: string;
  namespace: string;
  credentials: TextFile[];
}

const MAX_FILES = 500;
const MAX_NAME = 300;

/** Reads a snapshot; `undefined` if it is none. Members that are absent are empty. */
export function readSnapshot(value: unknown): Snapshot | undefined {
  if (typeof value !== "object" || value === null) return;
  const members = value as Record<string, unknown>;
  const files = readFiles(members.files);
  const credentials = readFiles(members.credentials ?? []);
  if (!files || files.length === 0 || !credentials) return;
  const text = (name: string) => (typeof members[name] === "string" ? members[name] : "");
  const active = Number.isInteger(members.active) ? (members.active as number) : 0;
  return {
    files,
    active: Math.min(Math.max(active, 0), files.length - 1),
    settings: text("settings"),
    issuer: text("issuer"),
    namespace: text("namespace"),
    credentials,
  };
}

function readFiles(value: unknown): TextFile[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_FILES) return;
  const files: TextFile[] = [];
  const names = new Set<string>();
  for (const file of value as unknown[]) {
    if (typeof file !== "object" || file === null) return;
    const { name, text } = file as Record<string, unknown>;
    if (typeof name !== "string" || typeof text !== "string") return;
    const unique = uniqueName(name, names);
    names.add(unique);
    files.push({ name: unique, text });
  }
  return files;
}

/** A name that is not empty, not endless, without control characters, and not taken: findings refer to files by their names. */
export function uniqueName(wanted: string, taken: ReadonlySet<string>): string {
  const name =
    wanted
      .replace(/[\p{Cc}\p{Cf}]/gu, "")
      .trim()
      .slice(0, MAX_NAME) || "manifest.yaml";
  if (!taken.has(name)) return name;
  const dot = name.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let number = 2;
  while (taken.has(`${stem}-${number}${extension}`)) number++;
  return `${stem}-${number}${extension}`;
}
