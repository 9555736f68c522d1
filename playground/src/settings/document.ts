/** The settings as YAML, which is the truth: the form reads it and writes into it, and comments stay. */
import { type Document, isCollection, isMap, parseDocument, stringify } from "yaml";
import { changed, settings } from "../state/session";

export type Path = readonly (string | number)[];

export type Read = { ok: true; value: Record<string, unknown>; document: Document } | { ok: false; message: string };

export function readSettings(text: string): Read {
  const document = parseDocument(text, { version: "1.2" });
  const error = document.errors[0];
  if (error) return { ok: false, message: error.message.split("\n")[0] ?? "" };
  const isPolicy = isMap(document.contents) && document.contents.has("apiVersion") && document.contents.has("kind");
  if (isPolicy) return { ok: false, message: "It is the manifest of a policy: the settings are under `spec.settings`." };
  if (document.contents !== null && !isMap(document.contents))
    return { ok: false, message: "The settings must be a mapping, such as `preset: strict`." };
  try {
    return { ok: true, value: (document.toJS({ maxAliasCount: 100 }) ?? {}) as Record<string, unknown>, document };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Sets a member, or removes it if the value is `undefined`. Objects above that become empty stay: `inject: {}` has a meaning. */
export function setMember(path: Path, value: unknown): void {
  const read = readSettings(settings.value);
  if (!read.ok) return;
  settings.value = withMember(read.document, path, value);
  changed();
}

function withMember(document: Document, path: Path, value: unknown): string {
  if (value === undefined) {
    document.deleteIn(path);
    if (isMap(document.contents) && document.contents.items.length === 0 && !document.contents.comment && !document.commentBefore)
      return "";
  } else {
    // `{}` is in braces; what comes into it stands in lines of its own.
    for (let depth = 1; depth < path.length; depth++) {
      const parent = document.getIn(path.slice(0, depth), true);
      if (isCollection(parent) && parent.items.length === 0) parent.flow = false;
    }
    document.setIn(path, document.createNode(value));
  }
  return document.toString({ lineWidth: 0 });
}

/** YAML that older parsers read the same: `off` is quoted, because YAML 1.1 takes it for false. */
export function toYaml(value: unknown): string {
  return stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }).trimEnd();
}
