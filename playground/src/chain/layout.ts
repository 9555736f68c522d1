/**
 * Where the parts of a chain are drawn. Pure: no element is measured.
 *
 * Texts are set in a font whose characters are all as wide, so that the width of a line is known from its length. The nodes stand in
 * layers, each behind all that lead to it: in columns from left to right, or in rows from top to bottom where the page is narrow.
 */
import type { Chain, ChainEdge, ChainNode } from "../wasm/playground";

export interface Box {
  node: ChainNode;
  x: number;
  y: number;
  width: number;
  height: number;
  /** The first is the head. */
  lines: string[];
}

export interface Arrow {
  edge: ChainEdge;
  path: string;
  /** The middle, where its sign and its label are. */
  x: number;
  y: number;
  label: string[];
  /** Whether another arrow has its label and its sign. */
  isShared: boolean;
}

export interface Picture {
  width: number;
  height: number;
  boxes: Box[];
  arrows: Arrow[];
}

export const FONT = 12;
/** The width of a character, as a part of the size of the font: that of every common monospaced font. */
const ADVANCE = 0.602;
export const LINE = 17;
export const PAD = 11;
const MAX_LINES = 16;

/** The space that a horizontal layout needs: less is too small to read. */
export const WIDE = 1_000;

export function layOut(chain: Chain, available: number): Picture {
  const layers = layersOf(chain);
  return available >= WIDE ? inColumns(chain, layers) : inRows(chain, layers, Math.max(300, Math.min(available, 760)));
}

/** The nodes by the length of the longest way to them. */
function layersOf(chain: Chain): ChainNode[][] {
  const depth = new Map(chain.nodes.map((node) => [node.id, 0]));
  // A chain has no cycles; the bound makes sure that a wrong one ends too.
  for (let round = 0; round < chain.nodes.length; round++) {
    let isSettled = true;
    for (const { from, to } of chain.edges) {
      const needed = (depth.get(from) ?? 0) + 1;
      if ((depth.get(to) ?? needed) >= needed) continue;
      depth.set(to, Math.min(needed, chain.nodes.length));
      isSettled = false;
    }
    if (isSettled) break;
  }
  const layers: ChainNode[][] = [];
  for (const node of chain.nodes) {
    const at = depth.get(node.id) ?? 0;
    while (layers.length <= at) layers.push([]);
    layers[at]?.push(node);
  }
  return layers.filter((layer) => layer.length > 0);
}

const COLUMN = 214;
const COLUMN_GAP = 128;
const ROW_SPACE = 22;

function inColumns(chain: Chain, layers: ChainNode[][]): Picture {
  const columns = layers.map((layer, column) => stack(layer, column * (COLUMN + COLUMN_GAP), COLUMN, ROW_SPACE));
  const height = Math.max(...columns.map((boxes) => bottom(boxes)));
  for (const boxes of columns) {
    const shift = (height - bottom(boxes)) / 2;
    for (const box of boxes) box.y += shift;
  }
  const boxes = columns.flat();
  const arrows = connect(chain, boxes, (from, to) => {
    const start = { x: from.x + from.width, y: from.y + from.height / 2 };
    const end = { x: to.x, y: to.y + to.height / 2 };
    const bend = (end.x - start.x) / 2;
    return { start, end, first: { x: start.x + bend, y: start.y }, second: { x: end.x - bend, y: end.y } };
  });
  return frame(layers.length * (COLUMN + COLUMN_GAP) - COLUMN_GAP, height, boxes, arrows);
}

const ROW_GAP = 76;
const BESIDE = 20;

function inRows(chain: Chain, layers: ChainNode[][], width: number): Picture {
  const boxes: Box[] = [];
  let y = 0;
  for (const layer of layers) {
    const perRow = Math.min(layer.length, width < 620 ? 2 : 3);
    const each = Math.min((width - BESIDE * (perRow - 1)) / perRow, perRow === 1 ? 420 : 340);
    for (let start = 0; start < layer.length; start += perRow) {
      const row = layer.slice(start, start + perRow);
      const left = (width - row.length * each - (row.length - 1) * BESIDE) / 2;
      const placed = row.map((node, position) => box(node, left + position * (each + BESIDE), y, each));
      boxes.push(...placed);
      y = bottom(placed) + (start + perRow < layer.length ? ROW_SPACE : ROW_GAP);
    }
  }
  const arrows = connect(chain, boxes, (from, to) => {
    const start = { x: from.x + from.width / 2, y: from.y + from.height };
    const end = { x: to.x + to.width / 2, y: to.y };
    const bend = (end.y - start.y) / 2;
    return { start, end, first: { x: start.x, y: start.y + bend }, second: { x: end.x, y: end.y - bend } };
  });
  return frame(width, y - ROW_GAP, boxes, arrows);
}

function stack(nodes: ChainNode[], x: number, width: number, space: number): Box[] {
  let y = 0;
  return nodes.map((node) => {
    const placed = box(node, x, y, width);
    y += placed.height + space;
    return placed;
  });
}

function bottom(boxes: Box[]): number {
  return Math.max(...boxes.map((it) => it.y + it.height));
}

function box(node: ChainNode, x: number, y: number, width: number): Box {
  const fit = Math.max(8, Math.floor((width - 2 * PAD) / (FONT * ADVANCE)));
  const all = node.lines.flatMap((line) => wrap(line, fit));
  const lines = all.length > MAX_LINES ? [...all.slice(0, MAX_LINES - 1), "…"] : all;
  return { node, x, y, width, height: lines.length * LINE + 2 * PAD - 4, lines };
}

/** Lines of at most `fit` characters, broken behind a mark of punctuation or a space where one is near. */
export function wrap(text: string, fit: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > fit) {
    const head = rest.slice(0, fit);
    const good =
      Math.max(
        head.lastIndexOf(" "),
        head.lastIndexOf("/"),
        head.lastIndexOf(":"),
        head.lastIndexOf("-"),
        head.lastIndexOf("."),
      ) + 1;
    const at = good > fit * 0.55 ? good : fit;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at);
  }
  return [...lines, rest];
}

interface Point {
  x: number;
  y: number;
}

interface Curve {
  start: Point;
  end: Point;
  first: Point;
  second: Point;
}

function connect(chain: Chain, boxes: Box[], curve: (from: Box, to: Box) => Curve): Arrow[] {
  const byId = new Map(boxes.map((it) => [it.node.id, it]));
  const arrows: Arrow[] = [];
  for (const edge of chain.edges) {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    if (!from || !to) continue;
    const { start, end, first, second } = curve(from, to);
    const path = `M${point(start)}C${point(first)} ${point(second)} ${point(end)}`;
    // Arrows that meet and say the same share one label, where they meet.
    const same = arrows.find((it) => it.edge.to === edge.to && it.edge.label === edge.label && it.edge.state === edge.state);
    if (same) Object.assign(same, { x: end.x + (second.x - end.x) * SHARED, y: end.y + (second.y - end.y) * SHARED });
    const label = edge.label === "" || same ? [] : edge.label.split(", ");
    arrows.push({ edge, path, x: (start.x + end.x) / 2, y: (start.y + end.y) / 2, label, isShared: same !== undefined });
  }
  return arrows;
}

/** How far from the end the label of several arrows is, as a part of their last bend. */
const SHARED = 0.95;

const point = ({ x, y }: Point) => `${round(x)},${round(y)}`;
const round = (value: number) => Math.round(value * 10) / 10;

/** With room for the strokes. */
function frame(width: number, height: number, boxes: Box[], arrows: Arrow[]): Picture {
  const margin = 4;
  return { width: width + 2 * margin, height: height + 2 * margin, boxes, arrows };
}
