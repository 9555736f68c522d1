/**
 * What survives a reload.
 *
 * Each tab has its own copy in the session storage, and the newest of all is in the local storage, where a new tab finds it. Storage may
 * be forbidden, full, or hold anything: nothing here fails.
 */
import { readSnapshot, type Snapshot } from "./snapshot";

/** How much text is kept: browsers allow about 5 million characters for all pages of an origin. */
export const MAX_KEPT = 2_000_000;

export interface Kept {
  /** What was shown. */
  session: Snapshot;
  /** Whether the person wrote some of it, so that it must not be lost. */
  isOwn: boolean;
  /** What a link or an example replaced. */
  previous?: Snapshot;
}

const KEY = "azwi-playground";

export function load(): Kept | undefined {
  return read(() => sessionStorage) ?? read(() => localStorage);
}

/** Keeps it, or forgets what was kept, and returns whether it could be kept. */
export function save(kept: Kept | undefined): boolean {
  const text = kept && textWithin(kept, MAX_KEPT);
  const inTab = write(() => sessionStorage, KEY, text);
  const inBrowser = write(() => localStorage, KEY, text);
  return text !== undefined && (inTab || inBrowser);
}

/** As JSON, if need be without what was replaced. */
function textWithin(kept: Kept, limit: number): string | undefined {
  const { previous, ...rest } = kept;
  const text = JSON.stringify(kept);
  if (text.length <= limit) return text;
  const shorter = JSON.stringify(rest);
  return shorter.length <= limit ? shorter : undefined;
}

/** A small value such as the theme. */
export function loadValue(name: string): string | null {
  try {
    return localStorage.getItem(`${KEY}-${name}`);
  } catch {
    return null;
  }
}

export function saveValue(name: string, value: string): void {
  write(() => localStorage, `${KEY}-${name}`, value);
}

function read(storage: () => Storage): Kept | undefined {
  try {
    const value: unknown = JSON.parse(storage().getItem(KEY) ?? "null");
    if (typeof value !== "object" || value === null) return;
    const { session, isOwn, previous } = value as Record<string, unknown>;
    const read = readSnapshot(session);
    const before = readSnapshot(previous);
    return read && { session: read, isOwn: isOwn === true, ...(before && { previous: before }) };
  } catch {
    return;
  }
}

function write(storage: () => Storage, key: string, text: string | undefined): boolean {
  try {
    if (text === undefined) storage().removeItem(key);
    else storage().setItem(key, text);
    return true;
  } catch {
    return false;
  }
}
