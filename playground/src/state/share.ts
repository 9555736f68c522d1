/**
 * Links that hold the state in the fragment of the address, which browsers do not send.
 *
 * The form is `#v1.` and the JSON of a snapshot, deflated, in base64url.
 */
import { readSnapshot, type Snapshot } from "./snapshot";

const VERSION = "v1.";
/** Longer addresses are cut by some chat programs and proxies. */
export const MAX_LINK = 32 * 1024;
/** A short link may unfold to gigabytes. */
const MAX_UNFOLDED = 4 * 1024 * 1024;

export type Link = { ok: true; fragment: string } | { ok: false; length: number };

export async function encode(snapshot: Snapshot): Promise<Link> {
  const json = new TextEncoder().encode(JSON.stringify(snapshot));
  const packed = await readAll(pipe(json, new CompressionStream("deflate-raw")), Number.POSITIVE_INFINITY);
  const fragment = `#${VERSION}${toBase64Url(packed)}`;
  return fragment.length <= MAX_LINK ? { ok: true, fragment } : { ok: false, length: fragment.length };
}

/** Whether an address claims to hold a state. */
export function isLink(fragment: string): boolean {
  return /^#v\d+\./.test(fragment);
}

/** Reads a link; the error is a text for people. */
export async function decode(fragment: string): Promise<Snapshot | string> {
  if (!fragment.startsWith(`#${VERSION}`))
    return "The link is of a newer version of this page. Reload the page, and open the link again.";
  const damaged = "The link is damaged: it may have been cut. Ask for it again.";
  if (fragment.length > 4 * MAX_LINK) return "The link is too long to be one of this page.";
  try {
    const packed = fromBase64Url(fragment.slice(1 + VERSION.length));
    const json = await readAll(pipe(packed, new DecompressionStream("deflate-raw")), MAX_UNFOLDED);
    return readSnapshot(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json))) ?? damaged;
  } catch {
    return damaged;
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

function pipe(bytes: Bytes, through: CompressionStream | DecompressionStream): ReadableStream<Uint8Array> {
  return new Blob([bytes]).stream().pipeThrough(through);
}

/** Reads a stream, at most `limit` bytes. */
async function readAll(stream: ReadableStream<Uint8Array>, limit: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    length += chunk.value.length;
    if (length > limit) {
      await reader.cancel();
      throw new Error("too long");
    }
    chunks.push(chunk.value);
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

function toBase64Url(bytes: Bytes): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): Bytes {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
