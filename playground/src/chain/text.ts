/** Texts of a picture: in a font whose characters are all as wide, so that their size is known without measuring. */
import type { ChainEdge } from "../wasm/playground";

/** The size of the font in boxes, and of its lines. */
export const FONT = 12;
export const LINE = 17;
/** The same of labels. */
export const LABEL_FONT = 11;
export const LABEL_LINE = 14;
/** The radius of the sign of a state, at the left edge of a label. */
export const SIGN = 10;

/** The width of a character, as a part of the size of the font: that of every common monospaced font. */
const ADVANCE = 0.602;

export function widthOf(characters: number, font: number): number {
  return characters * font * ADVANCE;
}

/** Lines of at most `fit` characters, broken behind a mark of punctuation or a space where one is near. */
export function wrap(text: string, fit: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > fit) {
    const head = rest.slice(0, fit);
    const good = Math.max(...[" ", "/", ":", "-", "."].map((mark) => head.lastIndexOf(mark))) + 1;
    const at = good > fit * 0.4 ? good : fit;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at);
  }
  return [...lines, rest];
}

export interface Label {
  lines: string[];
  width: number;
  height: number;
  hasSign: boolean;
}

/** What is written at an arrow: its links, and in words what its colour says too. */
export function labelOf(edge: ChainEdge, fit: number): Label | undefined {
  const names = edge.label === "" ? [] : edge.label.split(", ");
  const hasSign = edge.state === "broken" || edge.state === "unknown";
  if (names.length === 0 && !hasSign) return;
  const words = edge.state === "broken" ? ["broken:", ...names] : names;
  if (edge.state === "unknown") words.push(`${words.pop() ?? ""}?`);
  const lines = words.flatMap((word) => wrap(word, fit));
  const longest = Math.max(...lines.map((line) => line.length));
  return { lines, width: widthOf(longest, LABEL_FONT) + 12, height: lines.length * LABEL_LINE + 6, hasSign };
}
